import type { Credential } from '@grok2api/contracts';
import { z } from 'zod';
import type { ChatChoice, ChatReply, UpstreamChatRequest } from '../chat.js';
import { UpstreamError } from '../errors.js';
import type { CallOptions } from '../grok-upstream.js';
import { choiceSchema, contentSchema, explainsEmptiness, toolCallOf } from './chat-content.js';
import { chatBody } from './chat-request.js';
import { chatUsageOf, chatUsageSchema } from './chat-usage.js';
import type { XaiClient } from './client.js';
import { isSuccess } from './faults.js';
import { lenient, lenientList } from './lenient.js';
import { refusalOf } from './refusal.js';

const replySchema = z.object({
  choices: lenientList(choiceSchema.extend({ message: contentSchema })).refine((choices) => choices.length > 0),
  usage: lenient(chatUsageSchema),
  system_fingerprint: lenient(z.string()),
});
type RawReply = z.infer<typeof replySchema>;

/** `POST /chat/completions`, unstreamed. @throws UpstreamError */
export async function completeChat(
  client: XaiClient,
  credential: Credential,
  request: UpstreamChatRequest,
  options: CallOptions,
): Promise<ChatReply> {
  const call = { kind: 'chat', method: 'POST', path: '/chat/completions', body: chatBody(request) } as const;
  const answer = await client.call(credential, call, options);
  const reply = replySchema.safeParse(answer.json);
  if (!isSuccess(answer.status) || !reply.success) throw refusalOf('chat', answer, credential);
  const choices = reply.data.choices.map(choiceOf);
  if (choices.every(isEmpty)) {
    const { status } = answer;
    throw new UpstreamError('the answer is empty', { fault: 'transient', outcome: 'fault', submitted: 'no', status });
  }
  const { usage, system_fingerprint: systemFingerprint } = reply.data;
  const costUsdTicks = usage?.cost_in_usd_ticks;
  return {
    choices,
    ...(usage && { usage: chatUsageOf(usage) }),
    ...(systemFingerprint !== undefined && { systemFingerprint }),
    ...(costUsdTicks !== undefined && { costUsdTicks }),
  };
}

function choiceOf({ index, message, logprobs, finish_reason }: RawReply['choices'][number]): ChatChoice {
  const { content, refusal, reasoning_content, tool_calls } = message;
  const calls = tool_calls?.map(toolCallOf) ?? [];
  return {
    index,
    message: {
      role: 'assistant',
      content: content ?? null,
      refusal: refusal ?? null,
      ...(reasoning_content && { reasoning_content }),
      ...(calls.length > 0 && { tool_calls: calls }),
    },
    logprobs: logprobs ?? null,
    finish_reason: finish_reason ?? (calls.length > 0 ? 'tool_calls' : 'stop'),
  };
}

function isEmpty({ message, finish_reason }: ChatChoice): boolean {
  const { content, refusal, reasoning_content, tool_calls } = message;
  return !content && !refusal && !reasoning_content && !tool_calls && !explainsEmptiness(finish_reason);
}
