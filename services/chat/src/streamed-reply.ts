import type { ChatDelta, ChatEvent, ChatUsage } from '@grok2api/grok-upstream';
import type { CompletionFrame } from './completion-frame.js';
import type { ReasoningView } from './reasoning.js';
import { ThinkTags } from './think-tags.js';

/** What a streamed answer is written with. */
export interface StreamedReplyOptions {
  frame: CompletionFrame;
  systemFingerprint: string | undefined;
  reasoning: ReasoningView;
  /** Whether the client asked for a last chunk with the usage. */
  includeUsage: boolean;
}

/**
 * Writes a streamed answer as OpenAI's API does, as the text of server-sent events: a role chunk for each choice
 * before its first delta, one chunk for each event of the upstream, the usage if it was asked for, `[DONE]`.
 */
export class StreamedReply {
  readonly #head: string;
  readonly #tail: string;
  readonly #options: StreamedReplyOptions;
  readonly #begun = new Set<number>();
  readonly #tags = new Map<number, ThinkTags>();
  #usage: ChatUsage | undefined;

  constructor(options: StreamedReplyOptions) {
    const { frame, systemFingerprint, includeUsage } = options;
    const fields = {
      id: frame.id,
      object: 'chat.completion.chunk',
      created: frame.created,
      model: frame.model,
      ...(systemFingerprint === undefined ? {} : { system_fingerprint: systemFingerprint }),
    };
    this.#options = options;
    // The same in every chunk: written once.
    this.#head = `data: ${JSON.stringify(fields).slice(0, -1)},"choices":[`;
    this.#tail = includeUsage ? '],"usage":null}\n\n' : ']}\n\n';
  }

  /** The text of an event; empty when the client is not to see anything of it. */
  write(event: ChatEvent): string {
    if (event.type === 'usage') {
      this.#usage = event.usage;
      return '';
    }
    let roles = '';
    const shown: string[] = [];
    for (const choice of event.choices) {
      const delta = this.#view(choice);
      if (!delta) continue;
      if (!this.#begun.has(choice.index)) roles += this.#roleChunk(choice.index);
      shown.push(JSON.stringify(delta));
    }
    return shown.length === 0 ? roles : `${roles}${this.#head}${shown.join(',')}${this.#tail}`;
  }

  /** The text that ends the answer. */
  end(): string {
    const done = 'data: [DONE]\n\n';
    if (!this.#options.includeUsage || !this.#usage) return done;
    return `${this.#head}],"usage":${JSON.stringify(this.#usage)}}\n\n${done}`;
  }

  #roleChunk(index: number): string {
    this.#begun.add(index);
    const choice = { index, delta: { role: 'assistant', content: '' }, finish_reason: null };
    return this.#head + JSON.stringify(choice) + this.#tail;
  }

  /** A choice's delta as the client sees it; undefined when nothing is left of it. */
  #view(choice: ChatDelta): ChatDelta | undefined {
    const { reasoning } = this.#options;
    const { reasoning_content: thoughts, ...delta } = choice.delta;
    if (reasoning === 'reasoning_content') return choice;
    if (reasoning === 'hidden') {
      const isEmpty = thoughts !== undefined && Object.keys(delta).length === 0 && choice.finish_reason === null;
      return isEmpty ? undefined : { ...choice, delta };
    }
    const tags = this.#tagsOf(choice.index);
    const ends = delta.tool_calls !== undefined || choice.finish_reason !== null;
    const text = tags.add(thoughts, delta.content);
    const closing = ends ? tags.close() : '';
    const content = closing === '' ? text : (text ?? '') + closing;
    return { ...choice, delta: content === undefined ? delta : { ...delta, content } };
  }

  #tagsOf(index: number): ThinkTags {
    const tags = this.#tags.get(index) ?? new ThinkTags();
    this.#tags.set(index, tags);
    return tags;
  }
}
