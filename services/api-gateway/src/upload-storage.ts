import type { Readable } from 'node:stream';
import { ApiError, type RandomHex } from '@grok2api/contracts';
import { type MediaStore, MediaTooLargeError, pictureType } from '@grok2api/media-store';
import type { Request } from 'express';
import { MulterError, type StorageEngine } from 'multer';

/** Enough of a file to tell its type. */
const HEAD_BYTES = 4_100;

type HandleDone = (error?: unknown, info?: Partial<Express.Multer.File>) => void;

/** The media store failed, rather than the client. The cause says how. */
export class UploadStorageError extends Error {
  override readonly name = 'UploadStorageError';
  constructor(cause: unknown) {
    super('an upload could not be stored', { cause });
  }
}

/** Lets multer put pictures into the media store while they arrive; the file's `filename` is its media id. */
export class UploadStorage implements StorageEngine {
  constructor(
    private readonly media: MediaStore,
    private readonly randomHex: RandomHex,
    private readonly maxBytes: number,
  ) {}

  _handleFile(_req: Request, file: Express.Multer.File, done: HandleDone): void {
    this.#store(file).then(
      (stored) => done(null, stored),
      (err: unknown) => {
        // multer waits until the field is read to its end.
        file.stream.resume();
        done(err);
      },
    );
  }

  _removeFile(_req: Request, file: Express.Multer.File, done: (error: Error | null) => void): void {
    this.media.delete(file.filename).then(() => done(null), done);
  }

  async #store({ stream, fieldname }: Express.Multer.File): Promise<Partial<Express.Multer.File>> {
    const { head, rest } = await readHead(stream);
    const type = await pictureType(head);
    if (!type) {
      const reason = head.length === 0 ? 'it is empty' : 'it is neither PNG, JPEG nor WebP';
      throw new ApiError('invalid_image', { param: fieldname, values: { reason } });
    }
    const filename = `file_${this.randomHex()}.${type}`;
    try {
      const { bytes } = await this.media.put(filename, rest, { maxBytes: this.maxBytes });
      return { filename, size: bytes };
    } catch (err) {
      // What ended the request is not the store's fault.
      if (stream.errored) throw stream.errored;
      if (err instanceof MediaTooLargeError) throw new MulterError('LIMIT_FILE_SIZE', fieldname);
      throw new UploadStorageError(err);
    }
  }
}

async function readHead(source: Readable): Promise<{ head: Uint8Array; rest: AsyncIterable<Uint8Array> }> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const iterator: AsyncIterator<Uint8Array> = source[Symbol.asyncIterator]();
  while (length < HEAD_BYTES) {
    const { value, done } = await iterator.next();
    if (done) break;
    chunks.push(value);
    length += value.length;
  }
  async function* rest(): AsyncGenerator<Uint8Array> {
    yield* chunks;
    // Step by step: an iterator that is told to return destroys its stream, which multer takes for the file's end.
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
  }
  return { head: Buffer.concat(chunks), rest: rest() };
}
