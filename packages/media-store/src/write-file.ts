import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { MediaEmptyError, type MediaSource, MediaTooLargeError, type PutOptions } from './media-store.js';

/**
 * Writes a source into an open file and syncs it. Destroys the source when that fails.
 * @returns the number of bytes
 * @throws what the source, the disk or the signal throws; MediaTooLargeError; MediaEmptyError
 */
export async function writeFile(file: FileHandle, source: MediaSource, options: PutOptions): Promise<number> {
  let bytes = 0;
  for await (const chunk of abortable(source, options.signal)) {
    bytes += chunk.byteLength;
    if (bytes > options.maxBytes) throw new MediaTooLargeError(options.maxBytes);
    await file.writeFile(chunk);
  }
  if (bytes === 0) throw new MediaEmptyError();
  await file.sync();
  return bytes;
}

/** The chunks of a source, ended by the signal also while the source is silent. */
async function* abortable(source: MediaSource, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  const iterator: AsyncIterator<Uint8Array> = source[Symbol.asyncIterator]();
  // Not one promise of the abort for Promise.race: it would hold on to every chunk until the end.
  let rejectNext: (reason: unknown) => void = () => {};
  const abort = () => rejectNext(signal?.reason);
  signal?.addEventListener('abort', abort);
  let ended = false;
  try {
    for (;;) {
      signal?.throwIfAborted();
      const next = await new Promise<IteratorResult<Uint8Array>>((resolve, reject) => {
        rejectNext = reject;
        iterator.next().then(resolve, reject);
      });
      if (next.done) {
        ended = true;
        return;
      }
      yield next.value;
    }
  } finally {
    signal?.removeEventListener('abort', abort);
    if (!ended) destroy(source, iterator);
  }
}

// Not awaited: a source that is silent would not answer. Its further errors are results of the fault that is
// reported already.
function destroy(source: MediaSource, iterator: AsyncIterator<Uint8Array>): void {
  if (source instanceof Readable) {
    source.on('error', () => {});
    source.destroy();
  } else {
    iterator.return?.().catch(() => {});
  }
}
