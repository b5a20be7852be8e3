import type { Model, TaskError, TaskKind } from '@grok2api/contracts';
import { type Database, withDatabase } from './database.js';
import type { Ends } from './ends.js';
import { Prisma } from './generated/client.js';
import { BEGUN, UNCLAIMED, WAITING } from './queue.js';
import { COLUMNS, queryTasks } from './rows.js';
import { transition } from './states.js';
import type { Task } from './task.js';

const BATCH = 500;

/** How long tasks may take, in milliseconds. */
export interface Deadlines {
  /** From its acceptance to the upstream's create. */
  queueMs: number;
  /** From the upstream's create to its end. */
  runMs: number;
}

/** The tasks of a kind that have not ended. */
export interface QueueFigures {
  /** That wait for a worker. */
  waiting: number;
  pending: number;
  running: number;
  /** Age of the oldest one that nobody has begun and nobody works on; 0 when there is none. */
  oldestSeconds: number;
}

/** What the reconciler does with tasks, over all of them. */
export class Upkeep {
  constructor(
    private readonly database: Database,
    private readonly ends: Ends,
  ) {}

  /**
   * Takes or keeps the lease of a job that one process does at a time.
   * @returns whether the holder has it now @throws StoreUnavailableError
   */
  async holdLease(name: string, holder: string, ttlMs: number): Promise<boolean> {
    const held = await withDatabase(
      () => this.database.$queryRaw<unknown[]>`
        INSERT INTO leases (name, holder, expires_at)
        VALUES (${name}, ${holder}, now() + ${ttlMs}::int * interval '1 millisecond')
        ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
        WHERE leases.holder = excluded.holder OR leases.expires_at < now()
        RETURNING name`,
    );
    return held.length > 0;
  }

  /** Gives a lease back, so that another process need not wait for its end. @throws StoreUnavailableError */
  async dropLease(name: string, holder: string): Promise<void> {
    await withDatabase(() => this.database.lease.deleteMany({ where: { name, holder } }));
  }

  /** How the queue of a kind is, counted up to `cap`. @throws StoreUnavailableError */
  async queueFigures(kind: TaskKind, cap: number): Promise<QueueFigures> {
    const [figures] = await withDatabase(
      () => this.database.$queryRaw<{ pending: number; running: number; oldest: number | null }[]>`
        SELECT
          (SELECT count(*)::int FROM (
            SELECT 1 FROM tasks WHERE kind = ${kind} AND state = 'pending' LIMIT ${cap}) AS pending) AS pending,
          (SELECT count(*)::int FROM (
            SELECT 1 FROM tasks WHERE kind = ${kind} AND state = 'running' LIMIT ${cap}) AS running) AS running,
          (SELECT extract(epoch FROM now() - created_at)::float8 FROM tasks
            WHERE kind = ${kind} AND ${WAITING} AND ${UNCLAIMED} ORDER BY created_at LIMIT 1) AS oldest`,
    );
    const waiting = await this.countClaimable(kind, cap);
    const { pending, running, oldest } = figures ?? { pending: 0, running: 0, oldest: null };
    return { waiting, pending, running, oldestSeconds: Math.max(0, oldest ?? 0) };
  }

  /** How many tasks of a kind wait for a worker, counted up to `cap`. @throws StoreUnavailableError */
  async countClaimable(kind: TaskKind, cap: number): Promise<number> {
    const [count] = await withDatabase(
      () => this.database.$queryRaw<{ claimable: bigint }[]>`
        SELECT count(*) AS claimable FROM (
          (SELECT 1 FROM tasks WHERE kind = ${kind} AND ${WAITING} AND ${UNCLAIMED} LIMIT ${cap})
          UNION ALL
          (SELECT 1 FROM tasks WHERE kind = ${kind} AND ${BEGUN} AND ${UNCLAIMED} LIMIT ${cap})
          LIMIT ${cap}) AS counted`,
    );
    return Number(count?.claimable ?? 0);
  }

  /**
   * Ends the tasks that are past their deadline, whoever works on them; at most 500 of those that wait, and 500 of
   * those that run, in a call.
   * @returns what was written @throws StoreUnavailableError
   */
  async endOverdue(
    kind: TaskKind,
    deadlines: Deadlines,
    errors: { queue: TaskError; run: TaskError },
  ): Promise<Task[]> {
    const waited = Prisma.sql`state = 'pending' AND ${olderThan('created_at', deadlines.queueMs)}`;
    const ran = Prisma.sql`state = 'running' AND ${olderThan('started_at', deadlines.runMs)}`;
    return [...(await this.#expire(kind, waited, errors.queue)), ...(await this.#expire(kind, ran, errors.run))];
  }

  async #expire(kind: TaskKind, overdue: Prisma.Sql, error: TaskError): Promise<Task[]> {
    const { from, to } = transition('expire');
    return this.ends.byStatement(Prisma.sql`
        UPDATE tasks SET state = ${to}, ended_at = now(), version = version + 1,
          claim_token = NULL, claim_worker = NULL, claim_expires_at = NULL,
          error_code = ${error.code}, error_message = ${error.message}
        WHERE state = ANY(${from}) AND seq IN (
          SELECT seq FROM tasks WHERE kind = ${kind} AND ${overdue} LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)
        RETURNING ${COLUMNS}`);
  }

  /**
   * Removes rows that were deleted, or ended longer than `retentionMs` ago; at most 500 a call.
   * @returns the media ids of their results, to be removed too @throws StoreUnavailableError
   */
  async removeOld(retentionMs: number): Promise<{ removed: number; media: string[] }> {
    const rows = await withDatabase(() =>
      queryTasks(
        this.database,
        Prisma.sql`
          DELETE FROM tasks WHERE seq IN (
            SELECT seq FROM tasks WHERE deleted_at IS NOT NULL
            UNION ALL SELECT seq FROM tasks WHERE ended_at IS NOT NULL AND ${olderThan('ended_at', retentionMs)}
            LIMIT ${BATCH})
          RETURNING ${COLUMNS}`,
      ),
    );
    return { removed: rows.length, media: rows.flatMap((task) => task.result?.media ?? []) };
  }

  /**
   * Removes the records of requests with an Idempotency-Key that are past their time; at most 500 a call.
   * @returns the media ids of the replies that were kept as files, to be removed too @throws StoreUnavailableError
   */
  async removeExpiredReplies(): Promise<string[]> {
    const removed = await withDatabase(
      () => this.database.$queryRaw<{ media: string | null }[]>`
        DELETE FROM idempotency_records WHERE (owner, key_hash) IN (
          SELECT owner, key_hash FROM idempotency_records WHERE expires_at <= now() LIMIT ${BATCH}
          FOR UPDATE SKIP LOCKED)
        RETURNING body_media AS media`,
    );
    return removed.flatMap(({ media }) => media ?? []);
  }

  /**
   * Has waiting tasks made by what their models lead to now, where the upstream model that they were accepted for is
   * none of those.
   * @returns how many @throws StoreUnavailableError
   */
  async reroute(kind: TaskKind, models: readonly Pick<Model, 'id' | 'upstream'>[]): Promise<number> {
    const ids = models.map(({ id }) => id);
    const upstreams = models.map(({ upstream }) => upstream);
    return withDatabase(
      () => this.database.$executeRaw`
        UPDATE tasks SET upstream_model = models.upstream
        FROM unnest(${ids}::text[], ${upstreams}::text[]) AS models(id, upstream)
        WHERE kind = ${kind} AND ${WAITING} AND ${UNCLAIMED} AND tasks.model = models.id
          AND NOT upstream_model = ANY(${upstreams})`,
    );
  }

  /** Forgets the turns of owners without an open task. @throws StoreUnavailableError */
  async forgetIdleOwners(kind: TaskKind): Promise<void> {
    await withDatabase(
      () => this.database.$executeRaw`
        DELETE FROM owner_queue WHERE kind = ${kind} AND last_served_at < now() - interval '1 minute' AND NOT EXISTS (
          SELECT 1 FROM tasks
          WHERE tasks.kind = owner_queue.kind AND tasks.owner = owner_queue.owner
            AND state IN ('pending', 'running') AND deleted_at IS NULL)`,
    );
  }

  /**
   * Those of the media that an open task still needs as its picture, or that are a reply still kept.
   * @throws StoreUnavailableError
   */
  async mediaInUse(mediaIds: readonly string[]): Promise<Set<string>> {
    const needed = await withDatabase(
      () => this.database.$queryRaw<{ media: string }[]>`
        SELECT params->'image'->>'media' AS media FROM tasks
        WHERE (state = 'pending' OR state = 'running') AND params->'image'->>'media' = ANY(${[...mediaIds]})
        UNION ALL
        SELECT body_media FROM idempotency_records
        WHERE body_media IS NOT NULL AND body_media = ANY(${[...mediaIds]}) AND expires_at > now()`,
    );
    return new Set(needed.map(({ media }) => media));
  }
}

function olderThan(column: 'created_at' | 'started_at' | 'ended_at', ms: number): Prisma.Sql {
  return Prisma.sql`${Prisma.raw(column)} < now() - ${ms}::bigint * interval '1 millisecond'`;
}
