import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ByteRange, MediaStat, OpenMedia } from '../media-store.js';
import { streamFile } from '../stream-file.js';
import { CacheDiskError, Fill } from './fill.js';

/** Fills at a time; a file that would be one more is not cached this time. */
const MAX_FILLS = 8;
/** A reader whose range begins this far behind what a fill has fetched does not wait for it. */
const WORTH_WAITING_BYTES = 16 * 1024 * 1024;
const PAUSE_AFTER_FAULT_MS = 60_000;

export interface DiskCacheOptions {
  /** A directory of this cache alone. */
  directory: string;
  maxBytes: number;
  now: () => number;
  /** Told of a disk that cannot be written. Nothing is added for a minute then. */
  onFault: (error: unknown) => void;
}

interface Entry {
  readonly stat: MediaStat;
  readonly path: string;
  /** Set until the file is complete. */
  fill: Promise<Fill | undefined> | undefined;
}

/**
 * Files of a store in one directory, at most `maxBytes` of them; those that were not read for the longest time go
 * first. A file that is open stays readable when it goes. What is cached is known in memory alone: a process that
 * died leaves nothing to trust.
 */
export class DiskCache {
  /** By id; the one that was read last comes last. */
  readonly #entries = new Map<string, Entry>();
  readonly #options: DiskCacheOptions;
  #bytes = 0;
  #fills = 0;
  #files = 0;
  #pausedUntil = Number.NEGATIVE_INFINITY;

  private constructor(options: DiskCacheOptions) {
    this.#options = options;
  }

  /** Opens the cache, empty: what an earlier process left in the directory is removed. */
  static async open(options: DiskCacheOptions): Promise<DiskCache> {
    await rm(options.directory, { recursive: true, force: true });
    await mkdir(options.directory, { recursive: true, mode: 0o700 });
    return new DiskCache(options);
  }

  /** Whether a version of a file is here, or on its way. */
  has(id: string, { etag }: MediaStat): boolean {
    return this.#entries.get(id)?.stat.etag === etag;
  }

  /**
   * Opens a file, or gives `undefined` where it is not here, or not soon enough.
   * @throws what fetching it throws
   */
  async read(id: string, { etag }: MediaStat, range: ByteRange): Promise<OpenMedia | undefined> {
    const entry = this.#entries.get(id);
    if (entry?.stat.etag !== etag) return undefined;
    this.#entries.delete(id);
    this.#entries.set(id, entry);
    const fill = await entry.fill;
    if (fill && range.start > fill.written + WORTH_WAITING_BYTES) return undefined;
    try {
      // A fill that has ended is read like any file.
      const stream = fill && entry.fill ? await fill.read(range) : streamFile(await open(entry.path, 'r'), range);
      return { ...entry.stat, range, stream };
    } catch (error) {
      // It went while it was awaited, or somebody cleared the directory.
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
      this.#forget(id, entry);
      return undefined;
    }
  }

  /**
   * Begins to fetch a file, unless it is too large, too many are being fetched, or the disk has failed lately.
   * @param fetch opens the whole file in the store
   */
  add(id: string, stat: MediaStat, fetch: () => Promise<OpenMedia | undefined>): void {
    this.drop(id);
    if (this.#fills >= MAX_FILLS || this.#options.now() < this.#pausedUntil || !this.#makeRoom(stat.bytes)) return;
    const path = join(this.#options.directory, `${++this.#files}-${id}`);
    const entry: Entry = { stat, path, fill: undefined };
    this.#entries.set(id, entry);
    this.#bytes += stat.bytes;
    this.#fills++;
    entry.fill = this.#fetch(id, entry, fetch);
    // Whoever reads hears of it.
    entry.fill.catch(() => {});
  }

  /** Removes a file if it is here. */
  drop(id: string): void {
    const entry = this.#entries.get(id);
    if (entry) this.#forget(id, entry);
  }

  async #fetch(id: string, entry: Entry, fetch: () => Promise<OpenMedia | undefined>): Promise<Fill | undefined> {
    const failed = (error: unknown) => {
      this.#fills--;
      this.#forget(id, entry);
      if (!(error instanceof CacheDiskError)) return;
      this.#pausedUntil = this.#options.now() + PAUSE_AFTER_FAULT_MS;
      this.#options.onFault(error);
    };
    try {
      const opened = await fetch();
      if (opened?.etag !== entry.stat.etag) {
        opened?.stream.destroy();
        failed(undefined);
        return undefined;
      }
      const fill = await Fill.begin(entry.path, opened);
      void fill.done.then(() => this.#filled(id, entry), failed);
      return fill;
    } catch (error) {
      failed(error);
      if (error instanceof CacheDiskError) return undefined;
      throw error;
    }
  }

  #filled(id: string, entry: Entry): void {
    this.#fills--;
    entry.fill = undefined;
    // Dropped on its way: perhaps before the file was there to be removed.
    if (this.#entries.get(id) !== entry) this.#remove(entry);
  }

  #makeRoom(bytes: number): boolean {
    for (const [id, entry] of this.#entries) {
      if (this.#bytes + bytes <= this.#options.maxBytes) break;
      if (!entry.fill) this.#forget(id, entry);
    }
    return this.#bytes + bytes <= this.#options.maxBytes;
  }

  #forget(id: string, entry: Entry): void {
    if (this.#entries.get(id) === entry) {
      this.#entries.delete(id);
      this.#bytes -= entry.stat.bytes;
    }
    this.#remove(entry);
  }

  #remove({ path }: Entry): void {
    rm(path, { force: true }).catch(this.#options.onFault);
  }
}
