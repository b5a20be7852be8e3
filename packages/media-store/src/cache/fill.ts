import { type FileHandle, open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { ByteRange, OpenMedia } from '../media-store.js';
import { FillReader } from './fill-reader.js';

/** The disk of the cache failed, not the store that the file comes from. */
export class CacheDiskError extends Error {
  override readonly name = 'CacheDiskError';
  constructor(cause: unknown) {
    super('the cache cannot be written', { cause });
  }
}

/** A file of the store on its way into the cache. It can be read while it arrives. */
export class Fill {
  #written = 0;
  #fault: unknown;
  #progress = newSignal();
  /** Settles when all is written; rejects with what the store said, or CacheDiskError. */
  readonly done: Promise<void>;

  private constructor(
    private readonly path: string,
    private readonly bytes: number,
    file: FileHandle,
    source: Readable,
  ) {
    this.done = this.#run(file, source);
    // Readers are told by their streams; whoever began the fill awaits it.
    this.done.catch(() => {});
  }

  /**
   * Begins to write an opened file to a path that is not there yet.
   * @throws CacheDiskError; the opened file is closed then
   */
  static async begin(path: string, opened: OpenMedia): Promise<Fill> {
    try {
      return new Fill(path, opened.bytes, await open(path, 'wx', 0o600), opened.stream);
    } catch (error) {
      opened.stream.destroy();
      throw new CacheDiskError(error);
    }
  }

  /** How many bytes are there, from the first one. */
  get written(): number {
    return this.#written;
  }

  /**
   * Waits until the byte at a position is there; resolves to how many are.
   * @throws what the fill failed with
   */
  async reach(position: number): Promise<number> {
    while (this.#written <= position) {
      if (this.#fault !== undefined) throw this.#fault;
      await this.#progress.promise;
    }
    return this.#written;
  }

  /** The bytes of a range, each as soon as it is there. The stream fails when the fill does. */
  async read(range: ByteRange): Promise<Readable> {
    return new FillReader(this, await open(this.path, 'r'), range);
  }

  async #run(file: FileHandle, source: Readable): Promise<void> {
    try {
      for await (const chunk of source) {
        await file.writeFile(chunk).catch((error: unknown) => {
          throw new CacheDiskError(error);
        });
        this.#written += chunk.length;
        this.#tell();
      }
      if (this.#written !== this.bytes) throw new Error('the store ended a file early');
    } catch (error) {
      this.#fault = error;
      throw error;
    } finally {
      this.#tell();
      await file.close();
    }
  }

  #tell(): void {
    this.#progress.resolve();
    this.#progress = newSignal();
  }
}

function newSignal(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
