import type { Database } from '../database.js';
import { Prisma } from '../generated/client.js';

/**
 * Says how many requests of a client key each gateway may have in progress: over all gateways never more than the key's
 * limit. Any number of processes may do so at once. All times are by the database's clock.
 */
export class RequestSlots {
  constructor(
    private readonly database: Database,
    /** How long a gateway's slots last unless it says them again. */
    readonly ttlMs: number,
  ) {}

  /**
   * Gives a gateway the slots it wants, in place of those it had: as many as the others leave; 0 gives all back.
   * A key that is unknown has no limit here.
   */
  async hold(keyId: string, holder: string, wanted: number): Promise<number> {
    const [, , , held] = await this.database.$transaction(
      [
        // One transaction at a time counts a key's slots; each statement after it sees what the others have committed.
        this.database.$queryRaw`SELECT FROM pool.client_keys WHERE id = ${keyId} FOR NO KEY UPDATE`,
        this.database.$executeRaw`
          DELETE FROM pool.request_slots
          WHERE key_id = ${keyId} AND (holder = ${holder} OR expires_at <= clock_timestamp())`,
        this.database.$executeRaw(this.#take(keyId, holder, wanted)),
        this.database.$queryRaw<{ slots: number }[]>`
          SELECT slots FROM pool.request_slots WHERE key_id = ${keyId} AND holder = ${holder}`,
      ],
      { isolationLevel: 'ReadCommitted' },
    );
    return held[0]?.slots ?? 0;
  }

  #take(keyId: string, holder: string, wanted: number): Prisma.Sql {
    return Prisma.sql`
      INSERT INTO pool.request_slots (key_id, holder, slots, expires_at)
      SELECT ${keyId}, ${holder}, free, clock_timestamp() + ${this.ttlMs}::int * interval '1 millisecond'
      FROM (
        SELECT least(${wanted}::int, coalesce(
          (SELECT max_concurrency FROM pool.client_keys WHERE id = ${keyId})
            - (SELECT coalesce(sum(slots), 0) FROM pool.request_slots WHERE key_id = ${keyId}),
          ${wanted}::int))::int AS free
      ) AS left_over
      WHERE free > 0`;
  }
}
