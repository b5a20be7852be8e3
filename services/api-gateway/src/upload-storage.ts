import type { Readable } from 'node:stream';
import { ApiError, type RandomHex } from '@grok2api/contracts';
import { type MediaStore, pictureType } from '@grok2api/media-store';
import type { Request } from 'express';
import type { StorageEngine } from 'multer';

/** Enough of a file to tell its type. */
const HEAD_BYTES = 4_100;

type HandleDone = (error?: unknown, info?: Partial<Express.Multer.File>) => void;

/** Lets multer put pictures into the media store while they arrive; the file's `filename` is its media id. */
export class UploadStorage implements StorageEngine {
  constructor(
    private readonly media: MediaStore,
    private readonly randomHex: RandomHex,
    private readonly maxBytes: number,
  ) {}

  _handleFile(_req: Request, file: Express.Multer.File, done: HandleDone): void {
    this.#store(file.stream).then(
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

  async #store(source: Readable): Promise<Partial<Express.Multer.File>> {
    const { head, rest } = await readHead(source);
    const type = await pictureType(head);
    if (!type)
      throw new ApiError('invalid_image', { param: 'file', values: { reason: 'it is neither PNG, JPEG nor WebP' } });
    const filename = `file_${this.randomHex()}.${type}`;
    const { bytes } = await this.media.put(filename, rest, { maxBytes: this.maxBytes });
    return { filename, size: bytes };
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
    yield* { [Symbol.asyncIterator]: () => iterator };
  }
  return { head: Buffer.concat(chunks), rest: rest() };
}
