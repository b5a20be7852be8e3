import { ApiError, isErrorCode, type TaskEvent, type Texts } from '@grok2api/contracts';
import type { SseEvent } from './reply/sse-stream.js';

export type VideoContentFormat = 'html' | 'url' | 'markdown';

/** What the replies of one chat completion have in common. */
export interface CompletionFrame {
  /** `chatcmpl-…`, the same in every chunk. */
  id: string;
  /** Seconds since 1970. */
  created: number;
  /** As the client named it. */
  model: string;
}

const USAGE = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };

/** The video as the text of an answer. */
export function videoContent(url: string, format: VideoContentFormat): string {
  switch (format) {
    case 'html':
      return `<video controls width="100%"><source src="${url}" type="video/mp4"></video>`;
    case 'markdown':
      return `[video](${url})`;
    case 'url':
      return url;
  }
}

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

/** A chunk that tells the progress, as reasoning. */
export function progressChunk(frame: CompletionFrame, texts: Texts, percent: number): SseEvent {
  return chunk(frame, { reasoning_content: `${texts.videoProgress(percent)}\n` }, null);
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

/** The error that a task's end other than success is to whoever waited for it. A retry would make, and bill, another. */
export function errorOfEnd({ state, error }: TaskEvent): ApiError {
  const headers = { 'x-should-retry': 'false' };
  if (state === 'cancelled') return new ApiError('task_cancelled', { headers });
  if (error && isErrorCode(error.code)) return new ApiError(error.code, { message: error.message, headers });
  return new ApiError('internal_error', { headers, cause: error });
}

function chunk(frame: CompletionFrame, delta: object, finish_reason: string | null): SseEvent {
  return { data: { ...chunkFields(frame), choices: [{ index: 0, delta, finish_reason }] } };
}

function chunkFields({ id, created, model }: CompletionFrame) {
  return { id, object: 'chat.completion.chunk', created, model };
}
