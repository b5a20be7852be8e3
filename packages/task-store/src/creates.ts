import type { TaskKind } from '@grok2api/contracts';
import { Batches } from '@grok2api/service-kit';
import { type Database, StoreUnavailableError, withDatabase } from './database.js';
import type { StoreMetrics } from './store-metrics.js';
import type { NewTask } from './task.js';

const MAX_BATCH = 100;
/** Few, so that under load a batch has many rows; more than one, so that a statement that hangs does not hold up all. */
const PARALLEL = 4;

/** What became of one row of a batch. */
type Outcome = { written: true } | { written: false; err: unknown };

/** Writes the rows of accepted tasks: those that come together with one statement, and so with one commit. */
export class Creates {
  readonly #batches: Batches<NewTask, Outcome>;

  constructor(
    private readonly database: Database,
    private readonly created: StoreMetrics['created'],
  ) {
    this.#batches = new Batches((tasks) => this.#write(tasks), { maxSize: MAX_BATCH, parallel: PARALLEL });
  }

  /**
   * Resolves once the row is committed. Doing it again under the same id changes nothing.
   * @throws StoreUnavailableError
   */
  async create(task: NewTask): Promise<void> {
    const outcome = await this.#batches.add(task);
    if (!outcome.written) throw outcome.err;
  }

  async #write(tasks: readonly NewTask[]): Promise<Outcome[]> {
    try {
      await this.#insert(tasks);
      return tasks.map(() => ({ written: true }));
    } catch (err) {
      if (tasks.length === 1 || err instanceof StoreUnavailableError) return tasks.map(() => ({ written: false, err }));
      // A row that Postgres does not take is no fault of those beside it.
      const alone = await Promise.all(tasks.map((task) => this.#write([task])));
      return alone.flat();
    }
  }

  async #insert(tasks: readonly NewTask[]): Promise<void> {
    const rows = JSON.stringify(tasks.map(rowOf));
    // One text for every number of rows, which Postgres plans once.
    const written = await withDatabase(
      () => this.database.$queryRaw<{ kind: TaskKind }[]>`
        INSERT INTO tasks
          (id, kind, owner, model, upstream_model, prompt, params, origin, callback_url, traceparent)
        SELECT id, kind, owner, model, upstream_model, prompt, params, origin, callback_url, traceparent
        FROM jsonb_to_recordset(${rows}::jsonb) AS rows(id text, kind text, owner text, model text, upstream_model text,
          prompt text, params jsonb, origin text, callback_url text, traceparent text)
        ON CONFLICT (id) DO NOTHING
        RETURNING kind`,
    );
    for (const { kind } of written) this.created.inc({ kind });
  }
}

function rowOf(task: NewTask) {
  const { id, kind, owner, model, upstreamModel, prompt, params, origin, callbackUrl, traceparent } = task;
  const texts = { id, kind, owner, model, prompt, origin, traceparent };
  return { ...texts, params, upstream_model: upstreamModel, callback_url: callbackUrl };
}
