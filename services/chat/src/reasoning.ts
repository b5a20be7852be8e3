import { type ChatOptions, type Model, REASONING_EFFORTS, type ReasoningEffort } from '@grok2api/contracts';

/** How reasoning appears in an answer: as a field of its own, between tags in the content, or not at all. */
export type ReasoningView = 'reasoning_content' | 'think-tags' | 'hidden';

/** How the answer to a request shows reasoning. */
export function reasoningView({ thinking }: ChatOptions, format: Exclude<ReasoningView, 'hidden'>): ReasoningView {
  return thinking === 'disabled' ? 'hidden' : format;
}

/**
 * The effort to ask a model for: the one that the client names, else the least one where thinking is disabled; of those
 * that the model takes the nearest, the greater of two equally near. Undefined leaves it to the model.
 */
export function effortFor(
  { reasoning_effort, thinking }: Pick<ChatOptions, 'reasoning_effort' | 'thinking'>,
  { chat }: Pick<Model, 'chat'>,
): ReasoningEffort | undefined {
  const wanted = reasoning_effort ?? (thinking === 'disabled' ? 'none' : undefined);
  if (wanted === undefined) return undefined;
  // Of a model that nobody knows only the client can tell what it takes.
  if (!chat) return reasoning_effort ?? undefined;
  const rank = (effort: ReasoningEffort) => REASONING_EFFORTS.indexOf(effort);
  const distance = (effort: ReasoningEffort) => Math.abs(rank(effort) - rank(wanted));
  return chat.efforts.toSorted((a, b) => distance(a) - distance(b) || rank(b) - rank(a))[0];
}
