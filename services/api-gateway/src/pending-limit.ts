import { ApiError, type TaskKind } from '@grok2api/contracts';
import { StoreUnavailableError, type TaskStore } from '@grok2api/task-store';

const FRESH_MS = 1_000;
const RETRY_AFTER_S = '30';
/** Owners whose count is remembered at most. */
const REMEMBERED = 10_000;

interface Count {
  at: number;
  open: number;
}

/**
 * Keeps one key from filling the queue. The database is asked at most once a second for each owner; in between the
 * tasks accepted here are added, so that several gateways may exceed the limit by what each accepts in a second.
 */
export class PendingLimit {
  readonly #counts = new Map<string, Count>();

  constructor(
    private readonly tasks: TaskStore['tasks'],
    private readonly max: number,
    private readonly now: () => number,
  ) {}

  /** Counts one more task. @throws ApiError `too_many_pending_tasks` */
  async admit(kind: TaskKind, owner: string): Promise<void> {
    const key = `${kind} ${owner}`;
    let count = this.#counts.get(key);
    if (!count || this.now() - count.at > FRESH_MS) {
      count = { at: this.now(), open: await this.#countOpen(kind, owner) };
      this.#remember(key, count);
    }
    if (count.open >= this.max) {
      throw new ApiError('too_many_pending_tasks', {
        values: { max: this.max },
        headers: { 'retry-after': RETRY_AFTER_S },
      });
    }
    count.open++;
  }

  // A database that is away refuses the task itself, after it was given time to come back.
  async #countOpen(kind: TaskKind, owner: string): Promise<number> {
    return this.tasks.countOpen(kind, owner, this.max).catch((err: unknown) => {
      if (err instanceof StoreUnavailableError) return 0;
      throw err;
    });
  }

  #remember(key: string, count: Count): void {
    this.#counts.delete(key);
    this.#counts.set(key, count);
    const [oldest] = this.#counts.keys();
    if (this.#counts.size > REMEMBERED && oldest !== undefined) this.#counts.delete(oldest);
  }
}
