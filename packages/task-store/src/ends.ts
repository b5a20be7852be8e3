import { callbackId, callbackPayload } from '@grok2api/contracts';
import { type Database, withDatabase } from './database.js';
import type { Prisma } from './generated/client.js';
import { queryTasks } from './rows.js';
import type { StoreMetrics } from './store-metrics.js';
import type { Task } from './task.js';

type Transaction = Prisma.TransactionClient;

/** Statements have their own time-out; this one is for what they take together on a busy server. */
const TRANSACTION_TIMEOUT = { maxWait: 5_000, timeout: 20_000 };

/** Characters of a name in the DNS, and a port. */
const LONGEST_HOST = 260;
const MS_PER_S = 1_000;

/** How the ends of tasks are written, whoever ends them. */
export class Ends {
  constructor(
    private readonly database: Database,
    private readonly metrics: Pick<StoreMetrics, 'ends' | 'inState'>,
  ) {}

  /** Runs one statement that returns, with `COLUMNS`, the tasks that it ends. See `write`. @throws StoreUnavailableError */
  byStatement(statement: Prisma.Sql): Promise<Task[]> {
    return this.write(async (transaction) => {
      const tasks = await queryTasks(transaction, statement);
      return tasks.map((task) => ({ task, ended: true }));
    });
  }

  /**
   * Runs what ends tasks. In the same transaction each of them that has an address to tell gets its callback, with the
   * payload as it is now: no end is without one, and no callback without its end.
   * @param write resolves to the tasks as they were written, and whether each ended by that
   * @returns the tasks @throws StoreUnavailableError
   */
  async write(
    write: (transaction: Transaction) => Promise<readonly { task: Task; ended: boolean }[]>,
  ): Promise<Task[]> {
    const written = await withDatabase(() =>
      this.database.$transaction(async (transaction) => {
        const tasks = await write(transaction);
        await insertCallbacks(
          transaction,
          tasks.filter(({ ended }) => ended).map(({ task }) => task),
        );
        return tasks;
      }, TRANSACTION_TIMEOUT),
    );
    for (const { task, ended } of written) if (ended) this.#count(task);
    return written.map(({ task }) => task);
  }

  #count({ kind, state, error, createdAt, startedAt, endedAt }: Task): void {
    const { ends, inState } = this.metrics;
    ends.inc({ kind, state, reason: error?.code ?? '' });
    if (!endedAt) return;
    const between = (from: Date, to: Date) => Math.max(0, to.getTime() - from.getTime()) / MS_PER_S;
    inState.observe({ kind, state: 'pending' }, between(createdAt, startedAt ?? endedAt));
    if (startedAt) inState.observe({ kind, state: 'running' }, between(startedAt, endedAt));
  }
}

async function insertCallbacks(transaction: Transaction, ended: readonly Task[]): Promise<void> {
  const rows = ended.flatMap((task) => {
    const { id, kind, owner, callbackUrl: url } = task;
    if (url === undefined) return [];
    // A host that is too long for an index is none.
    const host = URL.canParse(url) ? new URL(url).host.slice(0, LONGEST_HOST) : '';
    const payload = JSON.stringify(callbackPayload(task));
    return [{ id: callbackId(id), task_id: id, kind, owner, url, host, payload, ended_at: task.endedAt }];
  });
  if (rows.length === 0) return;
  // A task ends once. Should there be a callback all the same, the end must not fail for it.
  await transaction.$executeRaw`
    INSERT INTO callbacks (id, task_id, kind, owner, url, host, payload, ended_at, next_attempt_at)
    SELECT id, task_id, kind, owner, url, host, payload, ended_at, ended_at
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS ended(
      id text, task_id text, kind text, owner text, url text, host text, payload text, ended_at timestamptz)
    ON CONFLICT (id) DO NOTHING`;
}
