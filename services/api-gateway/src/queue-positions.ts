import { StoreUnavailableError, type Task, type TaskStore } from '@grok2api/task-store';

const CAP = 1_000;
const FRESH_MS = 1_000;
/** Positions that are remembered at most. */
const REMEMBERED = 10_000;

/** Tells pending tasks their place among their owner's, counted at most once a second for each. */
export class QueuePositions {
  readonly #known = new Map<string, { at: number; position: Promise<number> }>();

  constructor(
    private readonly tasks: TaskStore['tasks'],
    private readonly now: () => number,
  ) {}

  /** How many of the owner's tasks come before this one, at most 1,000; undefined unless it is pending. */
  async of(task: Task): Promise<number | undefined> {
    if (task.state !== 'pending') return undefined;
    const known = this.#known.get(task.id);
    if (known && this.now() - known.at < FRESH_MS) return known.position;
    const position = this.tasks.countAhead(task, CAP);
    this.#known.delete(task.id);
    this.#known.set(task.id, { at: this.now(), position });
    const [oldest] = this.#known.keys();
    if (this.#known.size > REMEMBERED && oldest !== undefined) this.#known.delete(oldest);
    return position.catch((err: unknown) => {
      this.#known.delete(task.id);
      if (err instanceof StoreUnavailableError) return undefined;
      throw err;
    });
  }
}
