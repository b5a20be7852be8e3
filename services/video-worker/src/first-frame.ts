import type { VideoParams } from '@grok2api/contracts';
import type { MediaStore } from '@grok2api/media-store';
import { type SafeFetch, SafeFetchError } from '@grok2api/safe-fetch';
import { FirstFrameError } from './first-frame-error.js';
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

export interface FirstFramesOptions {
  media: MediaStore;
  safeFetch: SafeFetch;
  /** For a whole fetch, from the resolving of the name to the last byte; a minute unless it is told. */
  fetchTimeoutMs?: number;
}

/** Pictures for the first frame, as the upstream takes them. */
export interface FirstFrames {
  /**
   * The picture, fit for the upstream, as a data URL: that is how it takes one that only this system can read.
   * Until it is done it holds the file, of at most 50 MiB, in memory.
   * @throws FirstFrameError; the reason of `signal` if that aborts
   */
  dataUrl(image: NonNullable<VideoParams['image']>, signal: AbortSignal): Promise<string>;
}

/** Builds the process's only source of first frames: it takes care that no two pictures are decoded at a time. */
export function createFirstFrames({
  media,
  safeFetch,
  fetchTimeoutMs = FETCH_TIMEOUT_MS,
}: FirstFramesOptions): FirstFrames {
  const fitter = createPictureFitter({ maxBytes: UPSTREAM_MAX_BYTES });
  return {
    async dataUrl(image, signal) {
      const bytes =
        'media' in image
          ? await readUpload(image.media, media)
          : await fetchPicture(image.url, signal, safeFetch, fetchTimeoutMs);
      const picture = await fitter.fit(bytes, signal);
      return `data:${MIME_TYPES[picture.type]};base64,${picture.bytes.toString('base64')}`;
    },
  };
}

async function readUpload(mediaId: string, media: MediaStore): Promise<Buffer> {
  const opened = await media.open(mediaId);
  if (!opened) throw new FirstFrameError('the upload is no longer kept');
  // Any file of this server may be named, a finished video too.
  if (opened.bytes > MAX_BYTES) {
    opened.stream.destroy();
    throw new FirstFrameError(TOO_LARGE);
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
      throw new FirstFrameError(`its server answered ${answer.status}`);
    }
    return await collect(answer.body);
  } catch (err) {
    signal.throwIfAborted();
    if (!(err instanceof SafeFetchError)) throw err;
    throw new FirstFrameError(err.reason === 'too_large' ? TOO_LARGE : err.message, { cause: err });
  }
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}
