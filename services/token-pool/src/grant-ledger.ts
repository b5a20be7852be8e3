import type { IsListed } from './candidate.js';
import type { CredentialRows, Statements, StoredCredential } from './credential-rows.js';
import type { Database } from './database.js';
import { Prisma } from './generated/client.js';
import { Decision, type Take } from './grant-decision.js';

export interface Taken {
  /** For each take, in their order: the slots it got, 0 when none were to be had. */
  slots: number[];
  /** Slots that are granted of a credential from then on, of those that were only counted. */
  inUse: ReadonlyMap<string, number>;
  /** The credentials that were read anew. */
  asked: string[];
  /** The rows of these, as they were when that was decided. */
  read: StoredCredential[];
}

/** Slots of a credential that are free again. */
interface Freed {
  credentialId: string;
  slots: number;
}

/** How long a probe may take before another call may try. */
const PROBE_MS = 30_000;

/**
 * The slots that are granted of each credential, in Postgres. Any number of processes may take at once: the sum of a
 * credential's slots stays within its limit. All times are by the database's clock.
 */
export class GrantLedger {
  constructor(
    private readonly database: Database,
    private readonly rows: CredentialRows,
    private readonly ttlMs: number,
    /** By the clock of `rows`. */
    private readonly now: () => number,
  ) {}

  /**
   * Takes slots for many grants at once, each as far as its credential can serve it at that moment.
   *
   * Why the limit holds over all processes: the first statement locks the credentials' rows until the commit, so that
   * one transaction at a time counts and inserts. Under read committed each statement sees what was committed before it
   * began; the count therefore sees every grant of those who held the lock before. In one statement with the lock it
   * would not: that statement's view would be older than its wait for the lock.
   * A grant counts as long as its row is there. Expired rows are deleted first, except one that is being renewed or
   * given back at that very moment: it is locked and counts.
   */
  async take(takes: readonly Take[], isListed: IsListed): Promise<Taken> {
    const inUse = new Map<string, number>();
    const slots = await this.#takeCounted(takes, inUse);
    const open = takes.filter((_, index) => slots[index] === undefined);
    const decided = open.length > 0 ? await this.#takeReadAnew(open, isListed) : { slots: [], read: [] };
    const openSlots = decided.slots.values();
    return {
      slots: slots.map((granted) => granted ?? openSlots.next().value ?? 0),
      inUse,
      asked: open.map(({ credentialId }) => credentialId),
      read: decided.read,
    };
  }

  /**
   * Takes those of which slots are all that has to be counted, when their credentials are as they were when chosen: one
   * statement does it. Undefined for the others.
   */
  async #takeCounted(takes: readonly Take[], inUse: Map<string, number>): Promise<(number | undefined)[]> {
    const counted = takes.filter(({ probe, paced }) => !probe && !paced);
    if (counted.length === 0) return takes.map(() => undefined);
    const column = <Name extends keyof Take>(name: Name) => counted.map((take) => take[name]);
    const rows = await this.database.$queryRaw<{ granted: number | null; inUse: number }[]>`
      SELECT granted, in_use AS "inUse" FROM pool.take_slots(${column('id')}::text[], ${column('credentialId')}::text[],
        ${column('holder')}::text[], ${column('slots')}::int[], ${column('version').map(BigInt)}::bigint[],
        ${milliseconds(this.ttlMs)})`;
    const results = new Map(counted.map((take, index) => [take, rows[index]]));
    return takes.map((take) => {
      const result = results.get(take);
      if (result?.granted == null) return undefined;
      inUse.set(take.credentialId, result.inUse);
      return result.granted;
    });
  }

  /** Takes under a lock what the rows, read anew, allow. */
  #takeReadAnew(takes: readonly Take[], isListed: IsListed): Promise<Pick<Taken, 'slots' | 'read'>> {
    const ids = [...new Set(takes.map(({ credentialId }) => credentialId))];
    return this.database.$transaction(
      async (tx) => {
        // In one order, so that two transactions never wait for each other.
        await tx.$queryRaw`
          SELECT FROM pool.credentials WHERE id = ANY(${ids}) ORDER BY id FOR NO KEY UPDATE`;
        await this.#deleteExpired(tx, Prisma.sql`credential_id = ANY(${ids})`);
        const read = await this.rows.some(tx, ids);
        const decision = new Decision(read, this.now(), isListed);
        const slots = decision.decide(takes);
        await this.#insert(tx, decision.grants);
        await this.#pace(tx, decision.paced);
        await this.#beginProbes(tx, decision.probes);
        return { slots, read };
      },
      { isolationLevel: 'ReadCommitted' },
    );
  }

  /**
   * Makes grants last their full time again, also ones that have expired but were not missed yet.
   * @returns the ids of those that are still there
   */
  async renew(grants: readonly { id: string; holder: string }[]): Promise<Set<string>> {
    const renewed = await this.database.$queryRaw<{ id: string }[]>`
      WITH held AS (
        SELECT g.id FROM pool.grants g JOIN ${heldBy(grants)} USING (id, holder) ORDER BY g.id FOR UPDATE OF g
      )
      UPDATE pool.grants g SET expires_at = ${this.#expiry()} FROM held WHERE g.id = held.id RETURNING g.id`;
    return new Set(renewed.map(({ id }) => id));
  }

  /**
   * Leaves grants fewer slots, or ends them. Does nothing to those that are gone or belong to another holder.
   * @returns how many slots of which credentials are free by that
   */
  async shrink(grants: readonly { id: string; holder: string; keep: number }[]): Promise<Freed[]> {
    const ended = grants.filter(({ keep }) => keep === 0);
    const kept = grants.filter(({ keep }) => keep > 0);
    return [...(await this.#end(ended)), ...(await this.#keepLess(kept))];
  }

  async #end(ended: readonly { id: string; holder: string }[]): Promise<Freed[]> {
    if (ended.length === 0) return [];
    return this.database.$queryRaw<Freed[]>`
      WITH held AS (
        SELECT g.id FROM pool.grants g JOIN ${heldBy(ended)} USING (id, holder) ORDER BY g.id FOR UPDATE OF g
      )
      DELETE FROM pool.grants g USING held WHERE g.id = held.id RETURNING g.credential_id AS "credentialId", g.slots`;
  }

  async #keepLess(kept: readonly { id: string; holder: string; keep: number }[]): Promise<Freed[]> {
    if (kept.length === 0) return [];
    const [ids, keeps] = [kept.map(({ id }) => id), kept.map(({ keep }) => keep)];
    return this.database.$queryRaw<Freed[]>`
      WITH held AS (
        SELECT g.id, k.keep, g.slots - k.keep AS freed FROM pool.grants g
        JOIN ${heldBy(kept)} USING (id, holder)
        JOIN unnest(${ids}::text[], ${keeps}::int[]) AS k(id, keep) USING (id)
        ORDER BY g.id FOR UPDATE OF g
      )
      UPDATE pool.grants g SET slots = held.keep FROM held WHERE g.id = held.id AND g.slots > held.keep
      RETURNING g.credential_id AS "credentialId", held.freed AS slots`;
  }

  /** Deletes every grant that has expired. */
  async sweep(): Promise<void> {
    await this.#deleteExpired(this.database, Prisma.sql`true`);
  }

  // Those that expired while the server was down did so by no fault of their holders, who get the time to renew them.
  async #deleteExpired(statements: Statements, which: Prisma.Sql): Promise<void> {
    await statements.$executeRaw`
      DELETE FROM pool.grants WHERE id IN (
        SELECT id FROM pool.grants
        WHERE ${which} AND expires_at <= clock_timestamp()
          AND clock_timestamp() > pg_postmaster_start_time() + ${milliseconds(this.ttlMs)}
        FOR UPDATE SKIP LOCKED)`;
  }

  async #insert(tx: Statements, grants: readonly (Take & { granted: number })[]): Promise<void> {
    if (grants.length === 0) return;
    await tx.$executeRaw`
      INSERT INTO pool.grants (id, credential_id, holder, slots, expires_at)
      SELECT id, credential_id, holder, slots, ${this.#expiry()}
      FROM unnest(${grants.map(({ id }) => id)}::text[], ${grants.map(({ credentialId }) => credentialId)}::text[],
        ${grants.map(({ holder }) => holder)}::text[], ${grants.map(({ granted }) => granted)}::int[])
        AS taken(id, credential_id, holder, slots)`;
  }

  async #pace(tx: Statements, ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    await tx.$executeRaw`
      UPDATE pool.credentials
      SET next_call_at = clock_timestamp() + interval '1 second' / requests_per_second WHERE id = ANY(${[...ids]})`;
  }

  async #beginProbes(tx: Statements, probes: readonly Take[]): Promise<void> {
    for (const { credentialId, models } of probes) {
      await tx.$executeRaw`
        UPDATE pool.credential_models SET probe_until = clock_timestamp() + ${milliseconds(PROBE_MS)}
        WHERE credential_id = ${credentialId} AND model = ANY(${[...models]})`;
    }
  }

  // Not now(): that is when the transaction began, before it waited for the lock.
  #expiry(): Prisma.Sql {
    return Prisma.sql`clock_timestamp() + ${milliseconds(this.ttlMs)}`;
  }
}

/** SQL: a table of ids and their holders. */
function heldBy(grants: readonly { id: string; holder: string }[]): Prisma.Sql {
  const [ids, holders] = [grants.map(({ id }) => id), grants.map(({ holder }) => holder)];
  return Prisma.sql`unnest(${ids}::text[], ${holders}::text[]) AS asked(id, holder)`;
}

/** SQL: a length of time. */
function milliseconds(ms: number): Prisma.Sql {
  return Prisma.sql`${ms}::int * interval '1 millisecond'`;
}
