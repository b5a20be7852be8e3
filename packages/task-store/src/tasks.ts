import type { TaskKind, TaskState } from '@grok2api/contracts';
import { Batches } from '@grok2api/service-kit';
import { Creates } from './creates.js';
import { type Database, withDatabase } from './database.js';
import type { Ends } from './ends.js';
import { Prisma } from './generated/client.js';
import { type Attempt, AttemptLostError, isAttempt, type KeptReply, replySql } from './idempotency.js';
import { COLUMNS, queryTasks } from './rows.js';
import { transition } from './states.js';
import type { StoreMetrics } from './store-metrics.js';
import type { NewTask, Task } from './task.js';

/** Rows that one statement changes at most, so that none holds its locks for long. */
const BATCH = 500;
/** Lists count exactly up to here. */
const COUNT_CAP = 10_000;
/** Reads that come together are one statement; more than one at a time, so that one that hangs does not hold up all. */
const READ_BATCHES = { maxSize: 100, parallel: 4 };

export interface ListOptions {
  kind: TaskKind;
  owner: string;
  state?: TaskState | undefined;
  limit: number;
  /** Only tasks made before the one with this `seq`. */
  before?: bigint | undefined;
}

export interface TaskPage {
  tasks: Task[];
  /** Tasks in all, exact up to 10,000. */
  total: number;
  totalIsCapped: boolean;
  /** `before` of the next page; absent on the last one. */
  next: bigint | undefined;
}

/** Which tasks of an owner a bulk delete means. */
export type DeleteSelection = { ids: readonly string[] } | { state: TaskState } | 'all';

/** What the gateway does with tasks: accept, read, cancel, delete. Owners are the caller's to check on single tasks. */
export class Tasks {
  readonly #creates: Creates;
  readonly #reads: Batches<string, { task: Task | undefined }>;

  constructor(
    private readonly database: Database,
    private readonly ends: Ends,
    private readonly created: StoreMetrics['created'],
  ) {
    this.#creates = new Creates(database, created);
    this.#reads = new Batches((ids) => this.#getAll(ids), READ_BATCHES);
  }

  /**
   * Accepts a task. Doing it again under the same id changes nothing, so it may be repeated when the outcome is unknown.
   * @throws StoreUnavailableError
   */
  create(task: NewTask): Promise<void> {
    return this.#creates.create(task);
  }

  /**
   * Accepts a task for a request with an Idempotency-Key: the row and what the request's record says of it are written
   * together or not at all. It may be repeated likewise.
   * @param reply the whole reply, where the task's acceptance is all that is replied
   * @throws AttemptLostError when another attempt of the request has taken over; StoreUnavailableError
   */
  async createOnce(task: NewTask, attempt: Attempt, reply: KeptReply | undefined): Promise<void> {
    const [written] = await withDatabase(
      () => this.database.$queryRaw<{ records: number; tasks: number }[]>`
        WITH record AS (
          UPDATE idempotency_records SET task_id = ${task.id}, ${reply ? replySql(reply) : Prisma.sql`status = NULL`}
          WHERE ${isAttempt(attempt)} AND (status IS NULL OR task_id = ${task.id})
          RETURNING 1),
        created AS (
          INSERT INTO tasks (${NEW_TASK_COLUMNS}) SELECT ${newTaskValues(task)} FROM record ON CONFLICT (id) DO NOTHING
          RETURNING 1)
        SELECT (SELECT count(*)::int FROM record) AS records, (SELECT count(*)::int FROM created) AS tasks`,
    );
    if (written?.records !== 1) throw new AttemptLostError();
    this.created.inc({ kind: task.kind }, written.tasks);
  }

  /** One task, unless it is deleted. @throws StoreUnavailableError */
  async get(id: string): Promise<Task | undefined> {
    return (await this.#reads.add(id)).task;
  }

  /** Those of the tasks that exist and are not deleted, in one statement. @throws StoreUnavailableError */
  async getMany(ids: readonly string[]): Promise<Task[]> {
    // One text for every number of ids, which Postgres plans once.
    return withDatabase(() =>
      queryTasks(
        this.database,
        Prisma.sql`SELECT ${COLUMNS} FROM tasks WHERE id = ANY(${[...ids]}::text[]) AND deleted_at IS NULL`,
      ),
    );
  }

  async #getAll(ids: readonly string[]): Promise<{ task: Task | undefined }[]> {
    const tasks = new Map((await this.getMany([...new Set(ids)])).map((task) => [task.id, task]));
    return ids.map((id) => ({ task: tasks.get(id) }));
  }

  /** An owner's tasks, newest first. @throws StoreUnavailableError */
  async list(options: ListOptions): Promise<TaskPage> {
    const { kind, owner, state, limit, before } = options;
    return withDatabase(async () => {
      const rows = await queryTasks(
        this.database,
        Prisma.sql`
          SELECT ${COLUMNS} FROM tasks WHERE kind = ${kind} AND deleted_at IS NULL AND ${pageSql(owner, state, before)}
          LIMIT ${limit + 1}`,
      );
      const byState = state ? Prisma.sql`AND state = ${state}` : Prisma.empty;
      const [count] = await this.database.$queryRaw<{ total: bigint }[]>`
        SELECT count(*) AS total FROM (
          SELECT 1 FROM tasks WHERE kind = ${kind} AND owner = ${owner} AND deleted_at IS NULL ${byState}
          LIMIT ${COUNT_CAP + 1}) AS counted`;
      const total = Number(count?.total ?? 0);
      const tasks = rows.slice(0, limit);
      return {
        tasks,
        total: Math.min(total, COUNT_CAP),
        totalIsCapped: total > COUNT_CAP,
        next: rows.length > limit ? tasks.at(-1)?.seq : undefined,
      };
    });
  }

  /** Cancels an open task; undefined when it is not open any more. @throws StoreUnavailableError */
  async cancel(id: string): Promise<Task | undefined> {
    const { from, to } = transition('cancel');
    const [task] = await this.ends.byStatement(Prisma.sql`
        UPDATE tasks SET state = ${to}, ended_at = now(), version = version + 1,
          claim_token = NULL, claim_worker = NULL, claim_expires_at = NULL
        WHERE id = ${id} AND state = ANY(${from}) AND deleted_at IS NULL
        RETURNING ${COLUMNS}`);
    return task;
  }

  /**
   * Hides an owner's tasks of a kind and cancels those that are open, in batches of at most 500.
   * Yields each batch as it was written. @throws StoreUnavailableError
   */
  async *delete(kind: TaskKind, owner: string, selection: DeleteSelection): AsyncGenerator<Task[]> {
    const { from, to } = transition('cancel');
    // Each batch goes on where the last one ended, past the rows that it wrote.
    for (let after = 0n; ; ) {
      const chosen = selectionSql(owner, selection, after);
      const batch = await this.ends.write(async (transaction) => {
        const rows = await transaction.$queryRaw<{ seq: bigint; open: boolean }[]>`
          SELECT seq, state = ANY(${from}) AS open FROM tasks
          WHERE kind = ${kind} AND deleted_at IS NULL AND ${chosen}
          LIMIT ${BATCH} FOR UPDATE`;
        if (rows.length === 0) return [];
        const open = new Set(rows.filter((row) => row.open).map(({ seq }) => seq));
        // A statement of its own, which sees the rows as they were locked.
        const written = await queryTasks(
          transaction,
          Prisma.sql`
            UPDATE tasks SET deleted_at = now(), version = version + 1,
              state = CASE WHEN state = ANY(${from}) THEN ${to} ELSE state END, ended_at = coalesce(ended_at, now()),
              claim_token = NULL, claim_worker = NULL, claim_expires_at = NULL
            WHERE seq = ANY(${rows.map(({ seq }) => seq)})
            RETURNING ${COLUMNS}`,
        );
        return written.map((task) => ({ task, ended: open.has(task.seq) }));
      });
      if (batch.length > 0) yield batch;
      if (batch.length < BATCH) return;
      for (const { seq } of batch) if (seq > after) after = seq;
    }
  }

  /** How many of the owner's tasks wait before this one, counted up to `cap`. @throws StoreUnavailableError */
  async countAhead(task: Pick<Task, 'kind' | 'owner' | 'seq'>, cap: number): Promise<number> {
    const [count] = await withDatabase(
      () => this.database.$queryRaw<{ ahead: bigint }[]>`
        SELECT count(*) AS ahead FROM (
          SELECT 1 FROM tasks
          WHERE kind = ${task.kind} AND owner = ${task.owner} AND state = 'pending' AND deleted_at IS NULL
            AND seq < ${task.seq}
          LIMIT ${cap}) AS counted`,
    );
    return Number(count?.ahead ?? 0);
  }

  /** How many unfinished tasks an owner has, counted up to `cap`. @throws StoreUnavailableError */
  async countOpen(kind: TaskKind, owner: string, cap: number): Promise<number> {
    const [count] = await withDatabase(
      () => this.database.$queryRaw<{ open: bigint }[]>`
        SELECT count(*) AS open FROM (
          SELECT 1 FROM tasks
          WHERE kind = ${kind} AND owner = ${owner} AND state IN ('pending', 'running') AND deleted_at IS NULL
          LIMIT ${cap}) AS counted`,
    );
    return Number(count?.open ?? 0);
  }

  /** How many tasks failed with an error code and are still kept. @throws StoreUnavailableError */
  async countFailed(code: string): Promise<number> {
    return withDatabase(() => this.database.task.count({ where: { state: 'failed', errorCode: code } }));
  }

  /** How many tasks there are of each kind in each state, deleted ones left out. @throws StoreUnavailableError */
  async countByState(): Promise<{ kind: TaskKind; state: TaskState; count: number }[]> {
    const groups = await withDatabase(() =>
      this.database.task.groupBy({ by: ['kind', 'state'], where: { deletedAt: null }, _count: { _all: true } }),
    );
    return groups.map((group) => ({
      kind: group.kind as TaskKind,
      state: group.state as TaskState,
      count: group._count._all,
    }));
  }

  /** Whether the database answers. */
  async ping(): Promise<boolean> {
    return this.database.$queryRaw`SELECT 1`.then(
      () => true,
      () => false,
    );
  }
}

const NEW_TASK_COLUMNS = Prisma.sql`id, kind, owner, model, upstream_model, prompt, params, origin, callback_url,
  traceparent`;

function newTaskValues(task: NewTask): Prisma.Sql {
  return Prisma.sql`
    ${task.id}, ${task.kind}, ${task.owner}, ${task.model}, ${task.upstreamModel}, ${task.prompt},
    ${JSON.stringify(task.params)}::jsonb, ${task.origin}, ${task.callbackUrl ?? null},
    ${task.traceparent ?? null}`;
}

/** Greater than every `seq`. */
const AFTER_ALL = 2n ** 63n - 1n;

// Below, rows are compared with a beginning and an end where `owner = …` would do for the result. Postgres then cannot
// walk along the primary key past all other owners' tasks, which it likes to do for an owner who has many.

function pageSql(owner: string, state: TaskState | undefined, before = AFTER_ALL): Prisma.Sql {
  return state === undefined
    ? Prisma.sql`(owner, seq) < (${owner}, ${before}) AND owner >= ${owner} ORDER BY owner DESC, seq DESC`
    : Prisma.sql`(owner, state, seq) < (${owner}, ${state}, ${before}) AND (owner, state) >= (${owner}, ${state})
        ORDER BY owner DESC, state DESC, seq DESC`;
}

function selectionSql(owner: string, selection: DeleteSelection, after: bigint): Prisma.Sql {
  if (selection === 'all') {
    return Prisma.sql`(owner, seq) > (${owner}, ${after}) AND owner <= ${owner} ORDER BY owner, seq`;
  }
  if ('state' in selection) {
    const { state } = selection;
    return Prisma.sql`(owner, state, seq) > (${owner}, ${state}, ${after}) AND (owner, state) <= (${owner}, ${state})
      ORDER BY owner, state, seq`;
  }
  return Prisma.sql`id = ANY(${[...selection.ids]}) AND owner = ${owner} AND seq > ${after} ORDER BY seq`;
}
