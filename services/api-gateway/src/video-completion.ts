import { ApiError, isErrorCode, type TaskEvent, type Texts } from '@grok2api/contracts';
import { type CompletionFrame, chunk } from './media-completion.js';
import type { SseEvent } from './reply/sse-stream.js';

export type VideoContentFormat = 'html' | 'url' | 'markdown';

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

/** A chunk that tells the progress, as reasoning. */
export function progressChunk(frame: CompletionFrame, texts: Texts, percent: number): SseEvent {
  return chunk(frame, { reasoning_content: `${texts.videoProgress(percent)}\n` }, null);
}

/** The error that a task's end other than success is to whoever waited for it. A retry would make, and bill, another. */
export function errorOfEnd({ state, error }: TaskEvent): ApiError {
  const headers = { 'x-should-retry': 'false' };
  if (state === 'cancelled') return new ApiError('task_cancelled', { headers });
  if (error && isErrorCode(error.code)) return new ApiError(error.code, { message: error.message, headers });
  return new ApiError('internal_error', { headers, cause: error });
}
