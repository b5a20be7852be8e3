import { randomUUID } from 'node:crypto';

const MAX_BYTES = 256 * 1024 * 1024;

/** A file and its media type. */
export interface RecentFile {
  bytes: Buffer;
  type: string;
}

/** Files that can be had for a while, in memory. Beyond 256 MiB the oldest go early. */
export class RecentFiles {
  readonly #files = new Map<string, RecentFile & { until: number }>();
  readonly #ttlMs: number;
  readonly #now: () => number;
  #bytes = 0;

  /** @param ttlMs how long a file lives, in milliseconds */
  constructor(ttlMs: number, now: () => number) {
    this.#ttlMs = ttlMs;
    this.#now = now;
  }

  /** Keeps a file and returns its unguessable name. */
  add(file: RecentFile): string {
    const name = `${randomUUID()}.${file.type === 'image/png' ? 'png' : 'jpeg'}`;
    this.#files.set(name, { ...file, until: this.#now() + this.#ttlMs });
    this.#bytes += file.bytes.length;
    for (const [oldest, { until }] of this.#files) {
      if (until > this.#now() && this.#bytes <= MAX_BYTES) break;
      this.#remove(oldest);
    }
    return name;
  }

  /** The file of a name, while it lives. */
  get(name: string): RecentFile | undefined {
    const file = this.#files.get(name);
    return file && file.until > this.#now() ? file : undefined;
  }

  #remove(name: string): void {
    this.#bytes -= this.#files.get(name)?.bytes.length ?? 0;
    this.#files.delete(name);
  }
}
