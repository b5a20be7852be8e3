import { ApiError, type TaskKind } from '@grok2api/contracts';
import { StoreUnavailableError, type TaskStore } from '@grok2api/task-store';

const FRESH_MS = 1_000;
const RETRY_AFTER_S = '30';
/** Owners whose count is remembered at most. */
const REMEMBERED = 10_000;

interface Asked {
  at: number;
  count: Promise<{ open: number }>;
}

/**
 * Keeps one key from filling the queue. The database is asked at most once a second for each owner; in between the
 * tasks accepted here are added, so that several gateways may exceed the limit by what each accepts in a second.
 */
export class PendingLimit {
  readonly #asked = new Map<string, Asked>();

  constructor(
    private readonly tasks: TaskStore['tasks'],
    private readonly max: number,
    private readonly now: () => number,
  ) {}

  /** Counts one more task. @throws ApiError `too_many_pending_tasks` */
  async admit(kind: TaskKind, owner: string): Promise<void> {
    const key = `${kind} ${owner}`;
    let asked = this.#asked.get(key);
    if (!asked || this.now() - asked.at > FRESH_MS) {
      // Whoever comes while the database is asked waits for the same answer.
      asked = { at: this.now(), count: this.#countOpen(kind, owner).then((open) => ({ open })) };
      this.#remember(key, asked);
    }
    const count = await asked.count;
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

  #remember(key: string, asked: Asked): void {
    this.#asked.delete(key);
    this.#asked.set(key, asked);
    const [oldest] = this.#asked.keys();
    if (this.#asked.size > REMEMBERED && oldest !== undefined) this.#asked.delete(oldest);
  }
}
