import type { MediaStore } from '@grok2api/media-store';
import { type SafeFetch, SafeFetchError } from '@grok2api/safe-fetch';
import { PictureError } from './picture-error.js';
import { createPictureFitter } from './picture-fitter.js';

const MAX_MIB = 50;
const MAX_BYTES = MAX_MIB * 1024 * 1024;
const TOO_LARGE = `it has more than ${MAX_MIB} MiB`;
const FETCH_TIMEOUT_MS = 60_000;
const IDLE_TIMEOUT_MS = 15_000;
/**
 * xAI's API reference: 10 MiB a picture. Half a mebibyte less also holds where megabytes of 1,000,000 bytes are meant.
 * It is counted before base64, which adds a third.
 */
const UPSTREAM_MAX_BYTES = 9.5 * 1024 * 1024;
const MIME_TYPES = { png: 'image/png', jpg: 'image/jpeg', webp: 'image/webp' } as const;

export interface UpstreamPicturesOptions {
  media: MediaStore;
  safeFetch: SafeFetch;
  /** For a whole fetch, from the resolving of the name to the last byte; a minute unless it is told. */
  fetchTimeoutMs?: number;
}

/** A picture that a request names: a file of the media store, or an address that is fetched. */
export type PictureSource = { media: string } | { url: string };

/** Pictures of requests, as the upstream takes them. */
export interface UpstreamPictures {
  /**
   * The picture, fit for the upstream, as a data URL: that is how it takes one that only this system can read.
   * Until it is done it holds the file, of at most 50 MiB, in memory.
   * @throws PictureError; the reason of `signal` if that aborts
   */
  dataUrl(source: PictureSource, signal: AbortSignal): Promise<string>;
}

/** Builds the process's only source of such pictures: it takes care that no two are decoded at a time. */
export function createUpstreamPictures({
  media,
  safeFetch,
  fetchTimeoutMs = FETCH_TIMEOUT_MS,
}: UpstreamPicturesOptions): UpstreamPictures {
  const fitter = createPictureFitter({ maxBytes: UPSTREAM_MAX_BYTES });
  return {
    async dataUrl(source, signal) {
      const bytes =
        'media' in source
          ? await readUpload(source.media, media)
          : await fetchPicture(source.url, signal, safeFetch, fetchTimeoutMs);
      const picture = await fitter.fit(bytes, signal);
      return `data:${MIME_TYPES[picture.type]};base64,${picture.bytes.toString('base64')}`;
    },
  };
}

async function readUpload(mediaId: string, media: MediaStore): Promise<Buffer> {
  const opened = await media.open(mediaId);
  if (!opened) throw new PictureError('the upload is no longer kept');
  // Any file of this server may be named, a finished video too.
  if (opened.bytes > MAX_BYTES) {
    opened.stream.destroy();
    throw new PictureError(TOO_LARGE);
  }
  return collect(opened.stream);
}

async function fetchPicture(
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

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}
