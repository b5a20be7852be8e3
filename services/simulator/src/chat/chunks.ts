import type { TimedEvent } from '../wire/event-stream.js';
import type { Choice } from './generate.js';
import { logprobsOf } from './logprobs.js';
import { type Reply, SYSTEM_FINGERPRINT } from './reply.js';

const ERROR_EVENT = JSON.stringify({ code: 'internal-error', error: 'The model failed while it answered.' });

/**
 * The events of a streamed answer, made one by one as they are sent. As xAI's: the role comes with the first delta,
 * `created` changes between chunks, `finish_reason` and `usage` are absent where there is nothing, tool calls come whole
 * in one delta, and a chunk without choices has the usage.
 * @param now milliseconds since 1970
 */
export function* chunkEvents(reply: Reply, now: () => number): Generator<TimedEvent> {
  const { choices, magic, paceMs, usage } = reply;
  let sent = 0;
  let lastCreated = 0;
  const chunk = (at: number, rest: object): TimedEvent => {
    sent += 1;
    // Two chunks in a row never have the same time, however fast they are.
    const seconds = Math.floor(now() / 1000);
    const created = seconds === lastCreated ? seconds + 1 : seconds;
    lastCreated = created;
    const { id, model } = reply;
    const value = {
      id,
      object: 'chat.completion.chunk',
      created,
      model,
      ...rest,
      system_fingerprint: SYSTEM_FINGERPRINT,
    };
    return { at, data: JSON.stringify(value) };
  };

  if (magic.instead !== 'no_choices') {
    const steps = Math.max(...choices.map(stepsOf));
    for (let step = 0; step < steps; step += 1) {
      const at = magic.thinkMs + step * paceMs;
      for (const choice of choices) {
        const part = partAt(choice, step, reply.topLogprobs);
        if (part === undefined) continue;
        if (magic.end && (sent >= magic.end.after || 'finish_reason' in part)) {
          if (magic.end.kind === 'error') yield { at, data: ERROR_EVENT };
          return;
        }
        yield chunk(at, { choices: [{ index: choice.index, ...part }] });
      }
    }
    yield chunk(0, { choices: [], usage });
  }
  yield { at: 0, data: '[DONE]' };
}

// Reasoning, content, tool calls, and the end.
function stepsOf({ reasoning, content, toolCalls }: Choice): number {
  return reasoning.length + content.length + Math.min(toolCalls.length, 1) + 1;
}

function partAt(choice: Choice, step: number, topLogprobs: number | undefined) {
  if (step === stepsOf(choice) - 1)
    return { delta: step === 0 ? { role: 'assistant' } : {}, finish_reason: choice.finish };
  const role = step === 0 ? { role: 'assistant' } : {};
  const thought = choice.reasoning[step];
  if (thought !== undefined) return { delta: { ...role, reasoning_content: thought } };
  const token = choice.content[step - choice.reasoning.length];
  if (token !== undefined) {
    const logprobs = topLogprobs === undefined ? {} : { logprobs: logprobsOf([token], topLogprobs) };
    return { delta: { ...role, content: token }, ...logprobs };
  }
  if (step >= stepsOf(choice)) return undefined;
  return { delta: { ...role, tool_calls: choice.toolCalls.map((call, index) => ({ index, ...call })) } };
}
