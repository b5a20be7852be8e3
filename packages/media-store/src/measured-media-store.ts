import { statfs } from 'node:fs/promises';
import type { MediaMetrics } from './media-metrics.js';
import type {
  ByteRange,
  MediaSource,
  MediaStat,
  MediaStore,
  OpenMedia,
  PutOptions,
  SweepOptions,
  SweepResult,
} from './media-store.js';

/** A store of which each operation is measured, and the bytes that go in and out are counted. */
export class MeasuredMediaStore implements MediaStore {
  constructor(
    private readonly store: MediaStore,
    private readonly metrics: MediaMetrics,
  ) {}

  async put(id: string, source: MediaSource, options: PutOptions): Promise<{ bytes: number }> {
    const stored = await this.#measure('put', () => this.store.put(id, source, options));
    this.metrics.bytes.inc({ direction: 'in' }, stored.bytes);
    return stored;
  }

  stat(id: string): Promise<MediaStat | undefined> {
    return this.#measure('stat', () => this.store.stat(id));
  }

  async open(id: string, range?: ByteRange): Promise<OpenMedia | undefined> {
    const opened = await this.#measure('open', () => this.store.open(id, range));
    if (opened) this.metrics.bytes.inc({ direction: 'out' }, opened.range.end - opened.range.start + 1);
    return opened;
  }

  delete(id: string): Promise<void> {
    return this.#measure('delete', () => this.store.delete(id));
  }

  sweep(options: SweepOptions): Promise<SweepResult> {
    return this.#measure('sweep', () => this.store.sweep(options));
  }

  async #measure<T>(operation: string, run: () => Promise<T>): Promise<T> {
    const end = this.metrics.operations.startTimer({ operation });
    try {
      const result = await run();
      end({ outcome: result === undefined && operation !== 'delete' ? 'none' : 'ok' });
      return result;
    } catch (err) {
      end({ outcome: 'error' });
      throw err;
    }
  }
}

/** Shows how full the disk under a directory is, once there is that directory. */
export function watchDisk(directory: string, { diskFree, diskSize }: MediaMetrics): void {
  const show = async (of: (disk: { blocks: number; bavail: number }) => number) => {
    try {
      const disk = await statfs(directory);
      return [{ labels: {}, value: of(disk) * disk.bsize }];
    } catch (err) {
      if (err instanceof Error && 'code' in err && err.code === 'ENOENT') return [];
      throw err;
    }
  };
  diskFree.readFrom(() => show(({ bavail }) => bavail));
  diskSize.readFrom(() => show(({ blocks }) => blocks));
}
