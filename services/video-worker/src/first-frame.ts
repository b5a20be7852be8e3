import type { VideoParams } from '@grok2api/contracts';
import { pictureType } from '@grok2api/media-store';
import { SafeFetchError } from '@grok2api/safe-fetch';
import type { VideoDependencies } from './dependencies.js';

const MAX_BYTES = 50 * 1024 * 1024;
const FETCH_TIMEOUT_MS = 60_000;
const IDLE_TIMEOUT_MS = 15_000;
const MIME_TYPES = { png: 'image/png', jpg: 'image/jpeg', webp: 'image/webp' } as const;

/** The picture for the first frame cannot be had or is none. The message may be shown to the client. */
export class FirstFrameError extends Error {
  override readonly name = 'FirstFrameError';
}

/**
 * The picture as a data URL, which is how the upstream takes one that only this system can read.
 * @throws FirstFrameError
 */
export async function firstFrameUrl(
  image: NonNullable<VideoParams['image']>,
  signal: AbortSignal,
  dependencies: Pick<VideoDependencies, 'media' | 'safeFetch'>,
): Promise<string> {
  const bytes =
    'media' in image
      ? await readUpload(image.media, dependencies)
      : await fetchPicture(image.url, signal, dependencies);
  const type = await pictureType(bytes);
  if (!type) throw new FirstFrameError('it is neither PNG, JPEG nor WebP');
  return `data:${MIME_TYPES[type]};base64,${bytes.toString('base64')}`;
}

async function readUpload(mediaId: string, { media }: Pick<VideoDependencies, 'media'>): Promise<Buffer> {
  const opened = await media.open(mediaId);
  if (!opened) throw new FirstFrameError('the upload is no longer kept');
  return collect(opened.stream);
}

async function fetchPicture(
  url: string,
  signal: AbortSignal,
  { safeFetch }: Pick<VideoDependencies, 'safeFetch'>,
): Promise<Buffer> {
  try {
    const answer = await safeFetch.get(url, {
      maxBytes: MAX_BYTES,
      timeoutMs: FETCH_TIMEOUT_MS,
      idleTimeoutMs: IDLE_TIMEOUT_MS,
      signal,
    });
    if (answer.status !== 200) {
      answer.body.destroy();
      throw new FirstFrameError(`its server answered ${answer.status}`);
    }
    return await collect(answer.body);
  } catch (err) {
    if (err instanceof SafeFetchError) throw new FirstFrameError(err.message, { cause: err });
    throw err;
  }
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}
