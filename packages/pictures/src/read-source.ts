import type { MediaStore } from '@grok2api/media-store';
import { type SafeFetch, SafeFetchError } from '@grok2api/safe-fetch';
import { NOT_KEPT, PictureError } from './picture-error.js';

const MAX_MIB = 50;
const MAX_BYTES = MAX_MIB * 1024 * 1024;
const TOO_LARGE = `it has more than ${MAX_MIB} MiB`;
const IDLE_TIMEOUT_MS = 15_000;

/** Reads a whole file, of at most 50 MiB, out of the media store. @throws PictureError */
export async function readUpload(mediaId: string, media: MediaStore): Promise<Buffer> {
  const opened = await media.open(mediaId);
  if (!opened) throw new PictureError(NOT_KEPT);
  // Any file of this server may be named, a finished video too.
  if (opened.bytes > MAX_BYTES) {
    opened.stream.destroy();
    throw new PictureError(TOO_LARGE);
  }
  return collectExactly(opened.stream, opened.bytes);
}

/** Fetches a whole file of at most 50 MiB. @throws PictureError; the reason of `signal` if that aborts */
export async function fetchPicture(
  url: string,
  signal: AbortSignal,
  safeFetch: SafeFetch,
  timeoutMs: number,
): Promise<Buffer> {
  try {
    const answer = await safeFetch.get(url, {
      maxBytes: MAX_BYTES,
      timeoutMs,
      idleTimeoutMs: IDLE_TIMEOUT_MS,
      signal,
    });
    if (answer.status !== 200) {
      answer.body.destroy();
      throw new PictureError(`its server answered ${answer.status}`);
    }
    return await collect(answer.body);
  } catch (err) {
    signal.throwIfAborted();
    if (!(err instanceof SafeFetchError)) throw err;
    throw new PictureError(err.reason === 'too_large' ? TOO_LARGE : err.message, { cause: err });
  }
}

/** Where the size is known: a list of chunks beside the whole would be the file twice. */
async function collectExactly(source: AsyncIterable<Uint8Array>, size: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  for await (const chunk of source) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}
