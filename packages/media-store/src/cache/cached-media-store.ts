import {
  type ByteRange,
  MediaRangeError,
  type MediaSource,
  type MediaStat,
  type MediaStore,
  type OpenMedia,
  type PutOptions,
  type SweepOptions,
  type SweepResult,
} from '../media-store.js';
import { DiskCache } from './disk-cache.js';

/** For how long the store is not asked again whether a file is as it was. */
const TRUSTED_MS = 3_000;
/** So many files' stats are remembered. */
const MAX_KNOWN = 10_000;

export interface CachedMediaStoreOptions {
  /** A directory of this process alone. What is in it is removed. */
  directory: string;
  /** Largest size of all cached files together; a file that is still read when it goes is not counted. */
  maxBytes: number;
  /** Told of a disk that cannot be written; files come from the store itself then. */
  onFault: (error: unknown) => void;
  /** Told of each file that is opened: whether it was here, or on its way. */
  onLook?: (isHit: boolean) => void;
  now?: () => number;
}

/**
 * A store on another machine with the files read last on this machine's disk. A file is fetched whole when it is first
 * read, once however many ask for it, and read while it arrives. What another process changes or deletes is served
 * for 3 s more at the most.
 */
export class CachedMediaStore implements MediaStore {
  readonly #known = new Map<string, { stat: MediaStat; until: number }>();
  readonly #asked = new Map<string, Promise<MediaStat | undefined>>();

  private constructor(
    private readonly store: MediaStore,
    private readonly cache: DiskCache,
    private readonly now: () => number,
    private readonly onLook: (isHit: boolean) => void,
  ) {}

  /** Opens a cache, empty, before a store. */
  static async open(store: MediaStore, options: CachedMediaStoreOptions): Promise<CachedMediaStore> {
    const now = options.now ?? Date.now;
    return new CachedMediaStore(store, await DiskCache.open({ ...options, now }), now, options.onLook ?? (() => {}));
  }

  async put(id: string, source: MediaSource, options: PutOptions): Promise<{ bytes: number }> {
    try {
      return await this.store.put(id, source, options);
    } finally {
      this.#forget(id);
    }
  }

  async stat(id: string): Promise<MediaStat | undefined> {
    const known = this.#known.get(id);
    if (known && this.now() < known.until) return known.stat;
    return this.#asked.get(id) ?? this.#ask(id);
  }

  async open(id: string, range?: ByteRange): Promise<OpenMedia | undefined> {
    const stat = await this.stat(id);
    if (!stat) return undefined;
    const start = range?.start ?? 0;
    const end = Math.min(range?.end ?? stat.bytes - 1, stat.bytes - 1);
    if (start < 0 || start > end) throw new MediaRangeError(stat.bytes);
    const isHit = this.cache.has(id, stat);
    this.onLook(isHit);
    if (!isHit) this.cache.add(id, stat, () => this.store.open(id));
    return (await this.cache.read(id, stat, { start, end })) ?? this.store.open(id, range);
  }

  async delete(id: string): Promise<void> {
    try {
      await this.store.delete(id);
    } finally {
      this.#forget(id);
    }
  }

  sweep(options: SweepOptions): Promise<SweepResult> {
    return this.store.sweep(options);
  }

  #ask(id: string): Promise<MediaStat | undefined> {
    const asked: Promise<MediaStat | undefined> = this.store
      .stat(id)
      .then((stat) => {
        // What was asked before a change is the caller's answer, but nothing to remember.
        if (this.#asked.get(id) === asked) this.#remember(id, stat);
        return stat;
      })
      .finally(() => {
        if (this.#asked.get(id) === asked) this.#asked.delete(id);
      });
    this.#asked.set(id, asked);
    return asked;
  }

  #remember(id: string, stat: MediaStat | undefined): void {
    this.#known.delete(id);
    if (!stat) {
      this.cache.drop(id);
      return;
    }
    this.#known.set(id, { stat, until: this.now() + TRUSTED_MS });
    const [oldest] = this.#known.keys();
    if (this.#known.size > MAX_KNOWN && oldest !== undefined) this.#known.delete(oldest);
  }

  #forget(id: string): void {
    this.#known.delete(id);
    this.#asked.delete(id);
    this.cache.drop(id);
  }
}
