import { callbackId, callbackPayload } from '@grok2api/contracts';
import { type Database, withDatabase } from './database.js';
import type { Prisma } from './generated/client.js';
import { queryTasks } from './rows.js';
import type { Task } from './task.js';

type Transaction = Prisma.TransactionClient;

/** Statements have their own time-out; this one is for what they take together on a busy server. */
const TRANSACTION_TIMEOUT = { maxWait: 5_000, timeout: 20_000 };

/** Characters of a name in the DNS, and a port. */
const LONGEST_HOST = 260;

/** Runs one statement that returns, with `COLUMNS`, the tasks that it ends. See `writeEnds`. @throws StoreUnavailableError */
export function endTasks(database: Database, statement: Prisma.Sql): Promise<Task[]> {
  return writeEnds(database, async (transaction) => {
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
export function writeEnds(
  database: Database,
  write: (transaction: Transaction) => Promise<readonly { task: Task; ended: boolean }[]>,
): Promise<Task[]> {
  return withDatabase(() =>
    database.$transaction(async (transaction) => {
      const written = await write(transaction);
      await insertCallbacks(
        transaction,
        written.filter(({ ended }) => ended).map(({ task }) => task),
      );
      return written.map(({ task }) => task);
    }, TRANSACTION_TIMEOUT),
  );
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
