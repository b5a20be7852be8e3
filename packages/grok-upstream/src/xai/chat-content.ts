import { z } from 'zod';
import type { ChatToolCall } from '../chat.js';
import { lenient, lenientList } from './lenient.js';

const toolCallSchema = z.object({
  index: lenient(z.number().int().nonnegative()),
  id: z.string().catch(''),
  function: z.object({ name: z.string().catch(''), arguments: z.unknown().optional() }),
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
  index: z.number().int().min(0).max(127).default(0),
  logprobs: lenient(z.looseObject({}).nullable()),
  finish_reason: lenient(z.string().min(1).nullable()),
});

/** A call of a tool. Its arguments are text, whatever they were. */
export function toolCallOf({ id, function: { name, arguments: given } }: RawToolCall): ChatToolCall {
  return { id, type: 'function', function: { name, arguments: typeof given === 'string' ? given : asJson(given) } };
}

function asJson(value: unknown): string {
  return value === undefined || value === null ? '' : JSON.stringify(value);
}

/** Whether a choice without any content has a reason to have none. */
export function explainsEmptiness(finishReason: string | null | undefined): boolean {
  return finishReason === 'length' || finishReason === 'content_filter';
}
