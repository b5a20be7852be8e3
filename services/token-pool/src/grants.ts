import { randomBytes } from 'node:crypto';
import type { AcquireReply, acquireRequestSchema } from '@grok2api/contracts';
import type { z } from 'zod';
import { asFull, choose } from './choose.js';
import type { CredentialStore } from './credential-store.js';
import type { Database } from './database.js';
import { Prisma } from './generated/client.js';

/** Who asks for how many slots of a credential for which models. */
type AcquireRequest = z.infer<typeof acquireRequestSchema>;

/**
 * Gives out slots of credentials for a time. All times are by the database's clock.
 * Any number of processes may do so at once: the sum of a credential's slots stays within its limit.
 */
export class Grants {
  constructor(
    private readonly database: Database,
    private readonly credentials: CredentialStore,
    private readonly ttlMs: number,
  ) {}

  /** Grants up to the asked number of slots, at least one, of the best credential that has any. */
  async acquire({ holder, models, slots, avoid }: AcquireRequest): Promise<AcquireReply> {
    const read = await this.credentials.candidates(models);
    let candidates = read.candidates;
    for (;;) {
      const choice = choose(candidates, read.now, models, avoid);
      if (choice.status === 'none') {
        return { status: 'none', reason: choice.reason, retry_after_ms: choice.retryAfterMs };
      }
      // Read before the slots are taken: a failure leaves none behind.
      const credential = await this.credentials.find(choice.id);
      const id = `grant_${randomBytes(16).toString('hex')}`;
      const granted = credential && (await this.#take(id, choice.id, holder, slots));
      if (credential && granted) {
        const grant = { id, credential, models: choice.models, slots: granted, expires_in_ms: this.ttlMs };
        return { status: 'granted', grant };
      }
      // Others took the last slots since the candidates were read: the next best one is tried.
      candidates = candidates.map((other) => (other.id === choice.id ? asFull(other) : other));
    }
  }

  /** Makes a grant last its full time again. False when it has expired or belongs to another holder. */
  async renew(grantId: string, holder: string): Promise<boolean> {
    const renewed = await this.database.$executeRaw`
      UPDATE pool.grants SET expires_at = ${this.#expiry()}
      WHERE id = ${grantId} AND holder = ${holder} AND expires_at > clock_timestamp()`;
    return renewed > 0;
  }

  /** Gives a grant back. Does nothing when it is gone or belongs to another holder. */
  async release(grantId: string, holder: string): Promise<void> {
    await this.database.grant.deleteMany({ where: { id: grantId, holder } });
  }

  /**
   * Takes slots of one credential and returns how many, 0 when there are none or it is disabled.
   *
   * Why the limit holds over all processes: the first statement locks the credential's row until the commit, so
   * one transaction at a time counts and inserts. Under read committed each statement sees what was committed
   * before it began; the count therefore sees every grant of those who held the lock before. In one statement with
   * the lock it would not: that statement's view would be older than its wait for the lock.
   * A grant counts as long as its row is there. Expired rows are deleted first, and a renewal that comes at that very
   * moment either changes its row before the deletion looks at it, so that the row stays and counts, or finds it gone.
   */
  async #take(id: string, credentialId: string, holder: string, slots: number): Promise<number> {
    const [, , inserted] = await this.database.$transaction(
      [
        this.database.$queryRaw`SELECT FROM pool.credentials WHERE id = ${credentialId} FOR NO KEY UPDATE`,
        this.database.$executeRaw`
          DELETE FROM pool.grants WHERE credential_id = ${credentialId} AND expires_at <= clock_timestamp()`,
        this.database.$queryRaw<{ slots: number }[]>`
          WITH used AS (
            SELECT coalesce(sum(slots), 0)::int AS slots FROM pool.grants WHERE credential_id = ${credentialId}
          ), credential AS (
            UPDATE pool.credentials SET last_used_at = clock_timestamp() FROM used
            WHERE id = ${credentialId} AND enabled AND (max_concurrency = 0 OR max_concurrency > used.slots)
            RETURNING CASE WHEN max_concurrency = 0 THEN ${slots}::int ELSE max_concurrency - used.slots END AS free
          )
          INSERT INTO pool.grants (id, credential_id, holder, slots, expires_at)
          SELECT ${id}, ${credentialId}, ${holder}, least(${slots}::int, free), ${this.#expiry()} FROM credential
          RETURNING slots`,
      ],
      { isolationLevel: 'ReadCommitted' },
    );
    return inserted[0]?.slots ?? 0;
  }

  // Not now(): that is when the transaction began, before it waited for the lock.
  #expiry(): Prisma.Sql {
    return Prisma.sql`clock_timestamp() + ${this.ttlMs}::int * interval '1 millisecond'`;
  }
}
