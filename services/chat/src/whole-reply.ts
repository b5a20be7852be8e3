import type { ChatChoice, ChatReply } from '@grok2api/grok-upstream';
import type { CompletionFrame } from './completion-frame.js';
import type { ReasoningView } from './reasoning.js';
import { ThinkTags } from './think-tags.js';

const NO_USAGE = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };

/** An answer that is not streamed, as OpenAI's API gives it. */
export function wholeReply(frame: CompletionFrame, reply: ChatReply, reasoning: ReasoningView): object {
  const { id, created, model } = frame;
  return {
    id,
    object: 'chat.completion',
    created,
    model,
    choices: reply.choices.map((choice) => withReasoning(choice, reasoning)),
    usage: reply.usage ?? NO_USAGE,
    ...(reply.systemFingerprint === undefined ? {} : { system_fingerprint: reply.systemFingerprint }),
  };
}

function withReasoning(choice: ChatChoice, reasoning: ReasoningView): ChatChoice {
  const { reasoning_content: thoughts, ...message } = choice.message;
  if (reasoning === 'reasoning_content' || !thoughts) return choice;
  if (reasoning === 'hidden') return { ...choice, message };
  const tags = new ThinkTags();
  const content = (tags.add(thoughts, message.content ?? undefined) ?? '') + tags.close();
  return { ...choice, message: { ...message, content } };
}
