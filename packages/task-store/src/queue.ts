import type { TaskKind } from '@grok2api/contracts';
import { expiry } from './claims.js';
import { type Database, withDatabase } from './database.js';
import { Prisma } from './generated/client.js';
import { COLUMNS, queryTasks } from './rows.js';
import type { Task } from './task.js';

/** Who claims, and for how long. */
export interface Claimant {
  kind: TaskKind;
  worker: string;
  /** A UUID of this claim alone. */
  token: string;
  ttlMs: number;
}

/** What may be taken of the tasks that nobody has begun. */
export interface FreshSelection {
  /** Upstream models that can be served. */
  upstreamModels: readonly string[];
  /** Tasks of one owner that may be worked on at a time; 0 is no limit. */
  ownerMaxRunning: number;
  /** Whether tasks may be taken over whose claim ran out, besides those that nobody has claimed. */
  takeOver: boolean;
}

/** Owners that are tried in one claim, when others took the tasks of the first ones. */
const OWNERS_TRIED = 5;

/** The tasks that wait for a worker. */
export class Queue {
  constructor(private readonly database: Database) {}

  /** Whether there is any task to claim. @throws StoreUnavailableError */
  async anyClaimable(kind: TaskKind): Promise<boolean> {
    const [found] = await withDatabase(
      () => this.database.$queryRaw<{ found: boolean }[]>`
        SELECT EXISTS (SELECT 1 FROM tasks WHERE kind = ${kind} AND ${WAITING} AND ${UNCLAIMED})
          OR EXISTS (SELECT 1 FROM tasks WHERE kind = ${kind} AND ${BEGUN} AND ${UNCLAIMED}) AS found`,
    );
    return found?.found ?? false;
  }

  /**
   * Claims a task that somebody began: one whose upstream may have been asked, left by a worker that died or stopped.
   * It needs no grant, for nothing new is asked for. Without `takeOver` only tasks that were handed back.
   * @throws StoreUnavailableError
   */
  async claimBegun(claimant: Claimant, takeOver: boolean): Promise<Task | undefined> {
    const chosen = Prisma.sql`
      SELECT seq FROM tasks WHERE kind = ${claimant.kind} AND ${BEGUN} AND ${unclaimed(claimant.ttlMs, takeOver)}
      ORDER BY claim_expires_at NULLS FIRST, seq LIMIT 1 FOR UPDATE SKIP LOCKED`;
    const [task] = await withDatabase(() => queryTasks(this.database, claimSql(claimant, chosen)));
    return task;
  }

  /**
   * Claims a task that nobody has begun: the oldest of the owner whose turn it is. Owners take turns, so that many
   * tasks of one do not hold up another's. An owner's claims come one after the other, because a row of its own is
   * locked for them: else two workers could both see the last place below the limit.
   * Under a limit, claims that ran out are cleared first: a worker that comes back late finds its place taken.
   * @throws StoreUnavailableError
   */
  async claimFresh(claimant: Claimant, selection: FreshSelection): Promise<Task | undefined> {
    return withDatabase(async () => {
      for (const owner of await this.#ownersInTurn(claimant, selection)) {
        const task = await this.#claimOf(owner, claimant, selection);
        if (task) return task;
      }
      return undefined;
    });
  }

  async #ownersInTurn(claimant: Claimant, selection: FreshSelection): Promise<string[]> {
    const { kind, ttlMs } = claimant;
    const fresh = freshOf(ttlMs, selection);
    // One look at the index for each owner with waiting tasks, however many tasks each has. Sorted before the limit is
    // looked at, so that it is looked at for a few.
    const rows = await this.database.$queryRaw<{ owner: string }[]>`
      WITH RECURSIVE owners(owner) AS (
        (SELECT owner FROM tasks WHERE kind = ${kind} AND ${fresh} ORDER BY owner LIMIT 1)
        UNION ALL
        SELECT (
          SELECT tasks.owner FROM tasks WHERE kind = ${kind} AND ${fresh} AND tasks.owner > owners.owner
          ORDER BY tasks.owner LIMIT 1)
        FROM owners WHERE owners.owner IS NOT NULL)
      SELECT owner FROM (
        SELECT owners.owner, last_served_at
        FROM owners LEFT JOIN owner_queue ON owner_queue.kind = ${kind} AND owner_queue.owner = owners.owner
        WHERE owners.owner IS NOT NULL
        ORDER BY last_served_at NULLS FIRST, owner) AS turns
      WHERE ${belowLimit(claimant, Prisma.sql`turns.owner`, selection)}
      ORDER BY last_served_at NULLS FIRST, owner LIMIT ${OWNERS_TRIED}`;
    return rows.map(({ owner }) => owner);
  }

  #claimOf(owner: string, claimant: Claimant, selection: FreshSelection): Promise<Task | undefined> {
    const { kind, ttlMs } = claimant;
    // Statements of their own: each sees what was committed while the one before waited for the lock.
    return this.database.$transaction(async (transaction) => {
      await transaction.$executeRaw`
        INSERT INTO owner_queue (kind, owner, last_served_at) VALUES (${kind}, ${owner}, clock_timestamp())
        ON CONFLICT (kind, owner) DO UPDATE SET last_served_at = clock_timestamp()`;
      if (selection.ownerMaxRunning > 0) {
        await transaction.$executeRaw`
          UPDATE tasks SET claim_token = NULL, claim_worker = NULL, claim_expires_at = NULL,
            claim_losses = claim_losses + 1
          WHERE seq IN (
            SELECT seq FROM tasks
            WHERE kind = ${kind} AND owner = ${owner} AND ${WAITING} AND claim_token IS NOT NULL
              AND ${unclaimed(ttlMs, selection.takeOver)}
            ORDER BY seq FOR UPDATE)`;
      }
      const chosen = Prisma.sql`
        SELECT seq FROM tasks
        WHERE kind = ${kind} AND owner = ${owner} AND ${freshOf(ttlMs, selection)}
          AND ${belowLimit(claimant, Prisma.sql`${owner}`, selection)}
        ORDER BY seq LIMIT 1 FOR UPDATE SKIP LOCKED`;
      const [task] = await queryTasks(transaction, claimSql(claimant, chosen));
      return task;
    });
  }
}

// These have the words of the partial indexes, so that Postgres knows that it may use them.

/** Nobody has begun it. */
export const WAITING = Prisma.sql`state = 'pending' AND submit_intent_at IS NULL`;
/** The upstream may have been asked. */
export const BEGUN = Prisma.sql`state IN ('pending', 'running') AND submit_intent_at IS NOT NULL`;
const BUSY = Prisma.sql`state IN ('pending', 'running') AND (submit_intent_at IS NOT NULL OR claim_token IS NOT NULL)`;

/** Nobody works on it, by the database's clock. */
export const UNCLAIMED = Prisma.sql`(claim_expires_at IS NULL OR claim_expires_at < now())`;

// After Postgres was away its claims have run out by no fault of their holders, who get the time of a claim to come back.
function unclaimed(ttlMs: number, takeOver: boolean): Prisma.Sql {
  if (!takeOver) return Prisma.sql`claim_expires_at IS NULL`;
  return Prisma.sql`(claim_expires_at IS NULL OR (claim_expires_at < now()
    AND pg_postmaster_start_time() < now() - ${ttlMs}::int * interval '1 millisecond'))`;
}

function freshOf(ttlMs: number, { upstreamModels, takeOver }: FreshSelection): Prisma.Sql {
  return Prisma.sql`${WAITING} AND ${unclaimed(ttlMs, takeOver)} AND upstream_model = ANY(${[...upstreamModels]})`;
}

// A claim that ran out and may not be taken over counts: its worker may come back. No more rows are read than the limit.
function belowLimit(
  { kind, ttlMs }: Claimant,
  owner: Prisma.Sql,
  { ownerMaxRunning, takeOver }: FreshSelection,
): Prisma.Sql {
  if (ownerMaxRunning === 0) return Prisma.sql`true`;
  return Prisma.sql`(
    SELECT count(*) FROM (
      SELECT 1 FROM tasks WHERE kind = ${kind} AND tasks.owner = ${owner} AND ${BUSY}
        AND (submit_intent_at IS NOT NULL OR NOT ${unclaimed(ttlMs, takeOver)})
      LIMIT ${ownerMaxRunning}) AS busy) < ${ownerMaxRunning}`;
}

function claimSql({ token, worker, ttlMs }: Claimant, chosen: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`
    UPDATE tasks SET claim_token = ${token}::uuid, claim_worker = ${worker}, claim_expires_at = ${expiry(ttlMs)},
      attempts = attempts + 1, claim_losses = claim_losses + CASE WHEN claim_expires_at IS NULL THEN 0 ELSE 1 END
    WHERE seq = (${chosen})
    RETURNING ${COLUMNS}`;
}
