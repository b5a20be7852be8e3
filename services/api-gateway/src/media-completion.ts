import type { SseEvent } from './reply/sse-stream.js';

/** What the replies of one chat completion that makes a video or an image have in common. */
export interface CompletionFrame {
  /** `chatcmpl-…`, the same in every chunk. */
  id: string;
  /** Seconds since 1970. */
  created: number;
  /** As the client named it. */
  model: string;
}

const USAGE = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };

/** A whole answer. */
export function completion({ id, created, model }: CompletionFrame, content: string): object {
  const message = { role: 'assistant', content };
  const choices = [{ index: 0, message, finish_reason: 'stop' }];
  return { id, object: 'chat.completion', created, model, choices, usage: USAGE };
}

/** The first chunk of a streamed answer. */
export function roleChunk(frame: CompletionFrame): SseEvent {
  return chunk(frame, { role: 'assistant', content: '' }, null);
}

/** The last chunks of a streamed answer. */
export function contentChunks(frame: CompletionFrame, content: string, includeUsage: boolean): SseEvent[] {
  const usage = { data: { ...chunkFields(frame), choices: [], usage: USAGE } };
  return [
    chunk(frame, { content }, null),
    chunk(frame, {}, 'stop'),
    ...(includeUsage ? [usage] : []),
    { data: '[DONE]' },
  ];
}

/** A chunk of a streamed answer. */
export function chunk(frame: CompletionFrame, delta: object, finish_reason: string | null): SseEvent {
  return { data: { ...chunkFields(frame), choices: [{ index: 0, delta, finish_reason }] } };
}

function chunkFields({ id, created, model }: CompletionFrame) {
  return { id, object: 'chat.completion.chunk', created, model };
}
