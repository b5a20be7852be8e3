import { ApiError } from '@grok2api/contracts';
import type { MediaStore } from '@grok2api/media-store';
import type { KeptReply } from '@grok2api/task-store';
import type { Response } from 'express';
import type { Answer } from '../answer.js';
import { sendStream } from '../reply/send-stream.js';

/** Headers of a reply that is one JSON object. */
export const JSON_HEADERS = { 'content-type': 'application/json; charset=utf-8' } as const;
/** Headers of a reply that is a stream of events. */
export const SSE_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
} as const;

/** A reply whose body is in memory. */
export interface WholeReply extends KeptReply {
  body: Uint8Array;
}

/** An answer as it is kept. */
export function wholeReply({ status, headers, body }: Answer): WholeReply {
  return { status, headers: { ...JSON_HEADERS, ...headers }, body: Buffer.from(JSON.stringify(body)) };
}

/** Sends a kept reply once more. @throws ApiError `idempotency_outcome_unknown` when its body is gone */
export async function replay(res: Response, { status, headers, body }: KeptReply, media: MediaStore): Promise<void> {
  const inline = body instanceof Uint8Array;
  const opened = inline ? undefined : await media.open(body.media);
  if (!inline && !opened) throw new ApiError('idempotency_outcome_unknown');
  const bytes = inline ? body.length : (opened?.bytes ?? 0);
  res.status(status).set({ ...headers, 'idempotent-replayed': 'true', 'content-length': String(bytes) });
  if (inline) res.end(body);
  else if (opened) await sendStream(res, opened.stream);
}
