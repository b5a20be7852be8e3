import { Readable } from 'node:stream';
import { MediaEmptyError, type MediaSource, MediaTooLargeError, type PutOptions } from './media-store.js';

/**
 * The chunks of a source as `MediaStore.put` takes them, ended by the signal also while the source is silent.
 * Destroys the source unless it was read to its end.
 * @throws what the source or the signal throws; MediaTooLargeError; MediaEmptyError
 */
export async function* readSource(
  source: MediaSource,
  { maxBytes, signal }: PutOptions,
): AsyncGenerator<Uint8Array, void> {
  const iterator: AsyncIterator<Uint8Array> = source[Symbol.asyncIterator]();
  // Not one promise of the abort for Promise.race: it would hold on to every chunk until the end.
  let rejectNext: (reason: unknown) => void = () => {};
  const abort = () => rejectNext(signal?.reason);
  signal?.addEventListener('abort', abort);
  let bytes = 0;
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
        if (bytes === 0) throw new MediaEmptyError();
        return;
      }
      bytes += next.value.byteLength;
      if (bytes > maxBytes) throw new MediaTooLargeError(maxBytes);
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
