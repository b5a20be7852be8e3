import type { CallbackAttempt, CallbackState } from '@grok2api/contracts';
import { expiry } from './claims.js';
import { type Database, withDatabase } from './database.js';
import { Prisma } from './generated/client.js';

/** Attempts that are kept of a callback, the latest ones. */
const ATTEMPTS_KEPT = 20;
const BATCH = 500;
/** Looked at for each one wanted, so that several who claim at the same moment find enough that nobody has taken. */
const SURPLUS = 4;

/** A callback in the hands of whoever delivers it. */
export interface ClaimedCallback {
  /** The webhook's id. */
  id: string;
  /** Names the claim. */
  token: string;
  taskId: string;
  owner: string;
  url: string;
  /** Host and port of the URL. */
  host: string;
  /** To be posted to the letter. */
  payload: string;
  /** Attempts before. */
  attempts: number;
  /** Milliseconds since the task's end, by the database's clock. */
  ageMs: number;
}

/** Who claims, how many, and whose. */
export interface CallbackSelection {
  /** A UUID of this claim alone. */
  token: string;
  ttlMs: number;
  limit: number;
  /** Callbacks taken of one host at most. */
  perHost: number;
  /** Hosts of which fewer are taken, with how many. */
  room: ReadonlyMap<string, number>;
}

/** Callbacks that are not settled. */
export interface CallbackBacklog {
  due: number;
  /** An attempt failed, and the next one is not due. */
  later: number;
  /** How long the oldest of those that are due has been. */
  oldestDueSeconds: number;
}

/** How an attempt leaves its callback: settled, or to be attempted again so many milliseconds after the task's end. */
export type AfterAttempt = Exclude<CallbackState, 'pending'> | { againAtAgeMs: number };

/** The callbacks that wait to be delivered. Times are the database's, as with tasks. */
export class CallbackQueue {
  constructor(private readonly database: Database) {}

  /**
   * Claims callbacks that are due, those first that have waited the longest. Hosts without room are passed over
   * without reading their callbacks, however many those are. @throws StoreUnavailableError
   */
  async claim({ token, ttlMs, limit, perHost, room }: CallbackSelection): Promise<ClaimedCallback[]> {
    const rooms = JSON.stringify(Object.fromEntries(room));
    const rows = await withDatabase(
      () => this.database.$queryRaw<Omit<ClaimedCallback, 'token'>[]>`
        WITH RECURSIVE hosts(host) AS (
          (SELECT host FROM callbacks WHERE state = 'pending' ORDER BY host LIMIT 1)
          UNION ALL
          SELECT (
            SELECT callbacks.host FROM callbacks WHERE state = 'pending' AND callbacks.host > hosts.host
            ORDER BY callbacks.host LIMIT 1)
          FROM hosts WHERE hosts.host IS NOT NULL),
        due AS (
          SELECT waiting.seq FROM hosts CROSS JOIN LATERAL (
            SELECT seq, next_attempt_at FROM callbacks
            WHERE callbacks.host = hosts.host AND ${DUE}
            ORDER BY next_attempt_at LIMIT coalesce((${rooms}::jsonb ->> hosts.host)::int, ${perHost}::int)) AS waiting
          ORDER BY waiting.next_attempt_at LIMIT ${limit * SURPLUS})
        UPDATE callbacks SET claim_token = ${token}::uuid, claim_expires_at = ${expiry(ttlMs)}
        WHERE seq IN (
          SELECT seq FROM callbacks WHERE seq IN (SELECT seq FROM due) AND ${DUE}
          ORDER BY next_attempt_at LIMIT ${limit} FOR UPDATE SKIP LOCKED)
        RETURNING id, task_id AS "taskId", owner, url, host, payload, attempts,
          (extract(epoch FROM now() - ended_at) * 1000)::float8 AS "ageMs"`,
    );
    return rows.map((row) => ({ ...row, token }));
  }

  /**
   * Records an attempt and ends the claim.
   * @returns false when the claim had run out and somebody else has the callback @throws StoreUnavailableError
   */
  async record({ id, token }: ClaimedCallback, attempt: CallbackAttempt, after: AfterAttempt): Promise<boolean> {
    const outcome =
      typeof after === 'string'
        ? settled(after)
        : Prisma.sql`next_attempt_at = ended_at + ${Math.round(after.againAtAgeMs)}::bigint * interval '1 millisecond'`;
    return this.#release(id, token, Prisma.sql`attempts = attempts + 1, attempt_log = ${logged(attempt)}, ${outcome}`);
  }

  /**
   * Gives a callback back that could not be attempted, to be tried again after a while.
   * @returns as `record` @throws StoreUnavailableError
   */
  async putOff({ id, token }: ClaimedCallback, waitMs: number): Promise<boolean> {
    return this.#release(id, token, Prisma.sql`next_attempt_at = ${expiry(waitMs)}`);
  }

  /**
   * Gives up the due callbacks of a host that has just failed to answer, whose last time is over: those that were
   * attempted before, and those that have waited for a first attempt as long again. At most 500 in a call.
   * @param lastAgeMs when the last attempt was to be, from the task's end @param attempt the one that failed
   * @returns how many @throws StoreUnavailableError
   */
  async giveUpOverdue(host: string, lastAgeMs: number, attempt: CallbackAttempt): Promise<number> {
    return withDatabase(
      () => this.database.$executeRaw`
        UPDATE callbacks SET attempt_log = ${logged(attempt)}, ${settled('given_up')}
        WHERE seq IN (
          SELECT seq FROM callbacks
          WHERE host = ${host} AND ${DUE}
            AND ended_at < now() - CASE WHEN attempts > 0 THEN 1 ELSE 2 END * ${lastAgeMs}::bigint * interval '1 millisecond'
          ORDER BY next_attempt_at LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)`,
    );
  }

  /** How many callbacks are not settled, counted up to `cap`. @throws StoreUnavailableError */
  async backlog(cap: number): Promise<CallbackBacklog> {
    const [found] = await withDatabase(
      () => this.database.$queryRaw<CallbackBacklog[]>`
        SELECT count(*) FILTER (WHERE next_attempt_at <= now())::int AS due,
          count(*) FILTER (WHERE next_attempt_at > now())::int AS later,
          greatest(0, coalesce(extract(epoch FROM now() - min(next_attempt_at)), 0))::float8 AS "oldestDueSeconds"
        FROM (SELECT next_attempt_at FROM callbacks WHERE state = 'pending' ORDER BY next_attempt_at LIMIT ${cap}) AS waiting`,
    );
    return found ?? { due: 0, later: 0, oldestDueSeconds: 0 };
  }

  /** Removes callbacks settled longer than `retentionMs` ago; at most 500 a call. @throws StoreUnavailableError */
  async removeOld(retentionMs: number): Promise<number> {
    return withDatabase(
      () => this.database.$executeRaw`
        DELETE FROM callbacks WHERE seq IN (
          SELECT seq FROM callbacks
          WHERE settled_at IS NOT NULL AND settled_at < now() - ${retentionMs}::bigint * interval '1 millisecond'
          LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)`,
    );
  }

  async #release(id: string, token: string, set: Prisma.Sql): Promise<boolean> {
    const written = await withDatabase(
      () => this.database.$executeRaw`
        UPDATE callbacks SET ${set}, claim_token = NULL, claim_expires_at = NULL
        WHERE id = ${id} AND claim_token = ${token}::uuid`,
    );
    return written > 0;
  }
}

/** Nobody has it in hand, by the database's clock. */
export const UNCLAIMED_CALLBACK = Prisma.sql`(claim_expires_at IS NULL OR claim_expires_at < now())`;
const DUE = Prisma.sql`state = 'pending' AND next_attempt_at <= now() AND ${UNCLAIMED_CALLBACK}`;

function settled(state: Exclude<CallbackState, 'pending'>): Prisma.Sql {
  return Prisma.sql`state = ${state}, settled_at = now()`;
}

function logged(attempt: CallbackAttempt): Prisma.Sql {
  return Prisma.sql`
    CASE WHEN jsonb_array_length(attempt_log) < ${ATTEMPTS_KEPT}::int THEN attempt_log ELSE attempt_log - 0 END
      || ${JSON.stringify([attempt])}::jsonb`;
}
