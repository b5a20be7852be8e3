import { z } from 'zod';
import type { ChatToolCall } from '../chat.js';
import { lenient, lenientList } from './lenient.js';

const toolCallSchema = z.object({
  index: lenient(z.number().int().nonnegative()),
  id: z.string().catch(''),
  function: z.object({
    name: z.string().catch(''),
    arguments: z.unknown().transform((value) => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))),
  }),
});

export type RawToolCall = z.infer<typeof toolCallSchema>;

/** What a message and a delta say alike. */
export const contentSchema = z.object({
  content: lenient(z.string().nullable()),
  reasoning_content: lenient(z.string().nullable()),
  refusal: lenient(z.string().nullable()),
  tool_calls: lenient(lenientList(toolCallSchema).nullable()),
});

/** What each choice of a reply and of a chunk has. */
export const choiceSchema = z.object({
  // OpenAI's greatest n is 128.
  index: z.number().int().min(0).max(127).catch(0),
  logprobs: lenient(z.looseObject({}).nullable()),
  finish_reason: lenient(z.string().min(1).nullable()),
});

export function toolCallOf({ id, function: called }: RawToolCall): ChatToolCall {
  return { id, type: 'function', function: called };
}

/** Whether a choice without any content has a reason to have none. */
export function explainsEmptiness(finishReason: string | null | undefined): boolean {
  return finishReason === 'length' || finishReason === 'content_filter';
}
