import type { Choice } from './generate.js';
import { logprobsOf } from './logprobs.js';
import { type Reply, SYSTEM_FINGERPRINT } from './reply.js';

/** The body of an answer that is not streamed. What there is nothing of is absent. */
export function completion(reply: Reply, created: number) {
  return {
    id: reply.id,
    object: 'chat.completion',
    created,
    model: reply.model,
    choices: reply.magic.instead === 'no_choices' ? [] : reply.choices.map((choice) => describe(choice, reply)),
    usage: reply.usage,
    system_fingerprint: SYSTEM_FINGERPRINT,
  };
}

/** How long the making of an answer takes that is sent all at once, in milliseconds. */
export function completionMs({ choices, magic, paceMs }: Reply): number {
  const longest = Math.max(0, ...choices.map(({ reasoning, content }) => reasoning.length + content.length));
  return magic.thinkMs + longest * paceMs;
}

function describe({ index, reasoning, content, toolCalls, finish }: Choice, { topLogprobs }: Reply) {
  return {
    index,
    message: {
      role: 'assistant',
      content: content.join(''),
      ...(reasoning.length === 0 ? {} : { reasoning_content: reasoning.join('') }),
      ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls }),
      refusal: null,
    },
    ...(topLogprobs === undefined ? {} : { logprobs: logprobsOf(content, topLogprobs) }),
    finish_reason: finish,
  };
}
