import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { ByteRange } from '../media-store.js';
import { READ_BYTES } from '../stream-file.js';

/** What a reader of a file that still arrives has to know of it. */
interface Arriving {
  /** Waits until the byte at a position is there; resolves to how many are. */
  reach(position: number): Promise<number>;
}

/** Reads a range of a file while it is written, and closes the file in the end. */
export class FillReader extends Readable {
  readonly #arriving: Arriving;
  readonly #file: FileHandle;
  readonly #end: number;
  #at: number;

  constructor(arriving: Arriving, file: FileHandle, { start, end }: ByteRange) {
    super({ highWaterMark: READ_BYTES });
    this.#arriving = arriving;
    this.#file = file;
    this.#at = start;
    this.#end = end;
  }

  override _read(): void {
    this.#next().then(
      (chunk) => this.push(chunk),
      (error: Error) => this.destroy(error),
    );
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#file.close().then(() => done(error), done);
  }

  async #next(): Promise<Uint8Array | null> {
    if (this.#at > this.#end) return null;
    const written = await this.#arriving.reach(this.#at);
    const length = Math.min(this.#end + 1, written, this.#at + READ_BYTES) - this.#at;
    const { bytesRead, buffer } = await this.#file.read(Buffer.allocUnsafe(length), 0, length, this.#at);
    if (bytesRead === 0) throw new Error('a file of the cache was cut');
    this.#at += bytesRead;
    return buffer.subarray(0, bytesRead);
  }
}
