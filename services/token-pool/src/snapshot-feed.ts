import type { Logger } from '@grok2api/service-kit';
import type { Announcements } from './announcements.js';
import { Repeated } from './repeated.js';
import type { Snapshot, SnapshotChanges } from './snapshot.js';

export interface SnapshotFeedOptions {
  snapshot: Snapshot;
  announcements: Announcements;
  /** Called when there are credentials that were not there before. */
  added: () => void;
  /** In ms, by the clock of the snapshot. */
  now: () => number;
  log: Logger;
}

const CATCH_UP_MS = 1_000;
/** What was deleted shows only when everything is read. */
const READ_ALL_MS = 60_000;

/**
 * Keeps the snapshot up to date: at once when a change is announced, else within a second. Whoever finds a change that
 * nobody has announced announces it, so that holders of grants hear of what was written by any hand.
 */
export class SnapshotFeed {
  readonly #options: SnapshotFeedOptions;
  readonly #reads: Repeated;
  #readAllAt: number;

  constructor(options: SnapshotFeedOptions) {
    this.#options = options;
    this.#readAllAt = options.now();
    this.#reads = new Repeated({
      name: 'reading the credentials',
      run: () => this.#read(),
      pauseAfterErrorMs: CATCH_UP_MS,
      log: options.log,
    });
  }

  /** Begins to read. The snapshot has to have been read once. */
  start(): void {
    this.#options.snapshot.onChanges((changes) => this.#tell(changes));
    this.#options.announcements.onChange(() => this.#reads.wake());
    this.#reads.start();
  }

  stop(): Promise<void> {
    return this.#reads.stop();
  }

  /** Reads credentials that this process has changed, so that they are announced. Never rejects: it can be done later. */
  readonly changed = async (ids: readonly string[]): Promise<void> => {
    const { snapshot, log } = this.#options;
    await snapshot.read(ids).catch((err: unknown) => log.warn({ err }, 'changed credentials could not be read yet'));
  };

  async #read(): Promise<number> {
    const { snapshot, now } = this.#options;
    if (now() - this.#readAllAt >= READ_ALL_MS) {
      await snapshot.readAll();
      this.#readAllAt = now();
    } else await snapshot.catchUp();
    return CATCH_UP_MS;
  }

  #tell({ added, worse }: SnapshotChanges): void {
    this.#options.announcements.changed(worse);
    if (added.length > 0) this.#options.added();
  }
}
