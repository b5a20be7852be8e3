import type { Bus, Subscription } from '@grok2api/bus';
import type { TaskEvent } from '@grok2api/contracts';
import type { Logger } from '@grok2api/service-kit';
import { StoreUnavailableError, type Task, type Tasks, toTaskEvent } from '@grok2api/task-store';

const REREAD_MS = 5_000;

/** Somebody who watches a task. */
export interface TaskReader {
  /** The task was written. Versions only rise, but the first ones may be older than the reader's snapshot. */
  changed(event: TaskEvent): void;
  /** The task was deleted and its row removed. */
  gone(): void;
  /** This gateway stops: nothing more will come. */
  closing(): void;
}

/** One task that somebody watches: one subscription for all its readers on this gateway. */
interface Watched {
  subscription: Subscription;
  subscribed: Promise<void>;
  readers: Set<TaskReader>;
  /** Version of the newest event that was passed on. */
  version: number;
}

/** A reader's view of a task: how it is, and what stops the watching. */
export interface Watch {
  snapshot: Task;
  stop: () => void;
}

/**
 * Tells readers what happens to tasks. A reader is subscribed before the row is read, so that nothing is lost
 * between; and all watched tasks are read again every 5 s and after a reconnect, so that a lost event is late,
 * never missing.
 */
export class TaskFeed {
  readonly #watched = new Map<string, Watched>();
  readonly #rereading: NodeJS.Timeout;
  readonly #offReconnect: () => void;

  constructor(
    private readonly bus: Bus,
    private readonly tasks: Tasks,
    private readonly log: Logger,
  ) {
    this.#rereading = setInterval(() => void this.#reread(), REREAD_MS);
    this.#offReconnect = bus.onReconnect(() => void this.#reread());
  }

  /** Readers at the moment. */
  get readers(): number {
    let count = 0;
    for (const watched of this.#watched.values()) count += watched.readers.size;
    return count;
  }

  /**
   * Watches a task. The reader may be called before this resolves; what it is told then may be newer than the
   * snapshot or part of it. Undefined when there is no such task.
   * @throws StoreUnavailableError
   */
  async watch(taskId: string, reader: TaskReader): Promise<Watch | undefined> {
    const watched = this.#watched.get(taskId) ?? this.#subscribe(taskId);
    watched.readers.add(reader);
    const stop = () => this.#leave(taskId, watched, reader);
    try {
      await watched.subscribed;
      const snapshot = await this.tasks.get(taskId);
      if (snapshot) return { snapshot, stop };
      stop();
      return undefined;
    } catch (err) {
      stop();
      throw err;
    }
  }

  /** Stops watching everything and tells every reader. */
  close(): void {
    clearInterval(this.#rereading);
    this.#offReconnect();
    for (const { subscription, readers } of this.#watched.values()) {
      subscription.unsubscribe();
      for (const reader of readers) reader.closing();
    }
    this.#watched.clear();
  }

  #subscribe(taskId: string): Watched {
    const readers = new Set<TaskReader>();
    const subscription = this.bus.onTaskEvent(taskId, (event) => this.#pass(watched, event));
    // Without the server the subscription is made at the reconnect, which is followed by a re-read.
    const subscribed = this.bus.connected ? this.bus.flush() : Promise.resolve();
    const watched: Watched = { subscription, subscribed, readers, version: 0 };
    this.#watched.set(taskId, watched);
    return watched;
  }

  #leave(taskId: string, watched: Watched, reader: TaskReader): void {
    watched.readers.delete(reader);
    if (watched.readers.size > 0 || this.#watched.get(taskId) !== watched) return;
    this.#watched.delete(taskId);
    watched.subscription.unsubscribe();
  }

  #pass(watched: Watched, event: TaskEvent): void {
    if (event.version <= watched.version) return;
    watched.version = event.version;
    for (const reader of [...watched.readers]) reader.changed(event);
  }

  async #reread(): Promise<void> {
    const watchedNow = [...this.#watched];
    if (watchedNow.length === 0) return;
    try {
      const tasks = await this.tasks.getMany(watchedNow.map(([id]) => id));
      const byId = new Map(tasks.map((task) => [task.id, task]));
      for (const [id, watched] of watchedNow) {
        const task = byId.get(id);
        if (task) this.#pass(watched, toTaskEvent(task));
        else for (const reader of [...watched.readers]) reader.gone();
      }
    } catch (err) {
      const level = err instanceof StoreUnavailableError ? 'warn' : 'error';
      this.log[level]({ err }, 'watched tasks could not be read again');
    }
  }
}
