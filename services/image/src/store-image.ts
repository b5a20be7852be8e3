import { type MediaStore, MediaStoreUnavailableError } from '@grok2api/media-store';
import { backoffMs, pause } from '@grok2api/service-kit';
import type { MadeImage } from './made-image.js';

const MAX_TRIES = 5;
const FIRST_BACKOFF_MS = 250;
const LONGEST_BACKOFF_MS = 4_000;

/**
 * Puts an image into the media store. It is paid for: while the store is away it is tried again for some seconds.
 * @throws what the store throws; the signal's reason
 */
export async function storeImage(
  id: string,
  { bytes }: Pick<MadeImage, 'bytes'>,
  signal: AbortSignal,
  { media, random }: { media: MediaStore; random: () => number },
): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await media.put(id, oneChunk(bytes), { maxBytes: bytes.length, signal });
      return;
    } catch (err) {
      if (!(err instanceof MediaStoreUnavailableError) || attempt + 1 >= MAX_TRIES) throw err;
      await pause(backoffMs(attempt, FIRST_BACKOFF_MS, LONGEST_BACKOFF_MS, random), signal);
      signal.throwIfAborted();
    }
  }
}

async function* oneChunk(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
