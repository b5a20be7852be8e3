import { z } from 'zod';
import { type Database, withDatabase } from './database.js';
import { Prisma } from './generated/client.js';

/** A request that its client gave an Idempotency-Key. Both hashes are SHA-256 in hex. */
export interface KeyedRequest {
  owner: string;
  keyHash: string;
  /** Of what is asked for: the same for every sending of the request, another for any other. */
  fingerprint: string;
}

/** Somebody's work on a keyed request. */
export interface Attempt {
  request: KeyedRequest;
  /** A UUID of this attempt alone. */
  token: string;
}

/** A reply as it is kept. */
export interface KeptReply {
  status: number;
  headers: Readonly<Record<string, string>>;
  /** Its bytes, or the media id of the file that has them. */
  body: Uint8Array | { media: string };
}

export interface AttemptOptions {
  /** How long the attempt counts as alive without being renewed, in milliseconds. */
  leaseMs: number;
  /** How long the record is kept, in milliseconds. */
  keepMs: number;
  /** Whether another attempt may follow when this one dies before it has made a task. */
  repeatable: boolean;
}

/** What is known of a keyed request. */
export type KnownRequest =
  /** This attempt is to do it; with the task that an attempt before it made and did not live to reply with. */
  | { state: 'begun'; taskId: string | undefined }
  | { state: 'replied'; reply: KeptReply }
  /** Another attempt works on it. */
  | { state: 'in_progress' }
  /** Another attempt died over it, and it must not be done again. */
  | { state: 'unknown' }
  /** The key belongs to another request. */
  | { state: 'other_request' };

/** The attempt was taken for dead and another has taken over: nothing was written. */
export class AttemptLostError extends Error {
  override readonly name = 'AttemptLostError';
  constructor() {
    super('another attempt works on the request');
  }
}

const recordSchema = z.object({
  same: z.boolean(),
  expired: z.boolean(),
  dead: z.boolean(),
  repeatable: z.boolean(),
  status: z.number().nullable(),
  headers: z.record(z.string(), z.string()).nullable(),
  body: z.instanceof(Uint8Array).nullable(),
  bodyMedia: z.string().nullable(),
});

/** The records of requests with an Idempotency-Key, one for each key of an owner. All times are the database's. */
export class Idempotency {
  constructor(private readonly database: Database) {}

  /**
   * Begins an attempt, unless the request was replied to, is worked on, or must not be done again.
   * @throws StoreUnavailableError
   */
  async begin(attempt: Attempt, options: AttemptOptions): Promise<KnownRequest> {
    const { request, token } = attempt;
    const { leaseMs, keepMs, repeatable } = options;
    return withDatabase(async () => {
      const begun = await this.database.$executeRaw`
        INSERT INTO idempotency_records (owner, key_hash, fingerprint, token, repeatable, lease_expires_at, expires_at)
        VALUES (${request.owner}, ${request.keyHash}, ${request.fingerprint}, ${token}::uuid, ${repeatable},
          ${after(leaseMs)}, ${after(keepMs)})
        ON CONFLICT (owner, key_hash) DO NOTHING`;
      return begun === 1 ? { state: 'begun', taskId: undefined } : this.#beginAgain(attempt, options);
    });
  }

  async #beginAgain({ request, token }: Attempt, options: AttemptOptions): Promise<KnownRequest> {
    const { owner, keyHash, fingerprint } = request;
    const [row] = await this.database.$queryRaw<unknown[]>`
      SELECT fingerprint = ${fingerprint} AS same, status, headers, body, body_media AS "bodyMedia",
        expires_at <= now() AS expired, status IS NULL AND lease_expires_at <= now() AS dead,
        repeatable OR task_id IS NOT NULL AS repeatable
      FROM idempotency_records WHERE owner = ${owner} AND key_hash = ${keyHash}`;
    // Forgotten in between: whoever asks again begins it.
    if (row === undefined) return { state: 'in_progress' };
    const known = recordSchema.parse(row);
    if (!known.expired) {
      if (!known.same) return { state: 'other_request' };
      if (known.status !== null) return { state: 'replied', reply: toReply({ ...known, status: known.status }) };
      if (!known.dead) return { state: 'in_progress' };
      if (!known.repeatable) return { state: 'unknown' };
    }
    const { leaseMs, keepMs, repeatable } = options;
    const [begun] = await this.database.$queryRaw<{ taskId: string | null }[]>`
      UPDATE idempotency_records SET fingerprint = ${fingerprint}, token = ${token}::uuid, repeatable = ${repeatable},
        task_id = CASE WHEN expires_at > now() THEN task_id END, status = NULL, headers = NULL, body = NULL,
        body_media = NULL, lease_expires_at = ${after(leaseMs)}, expires_at = ${after(keepMs)}
      WHERE owner = ${owner} AND key_hash = ${keyHash}
        AND (expires_at <= now() OR (fingerprint = ${fingerprint} AND status IS NULL AND lease_expires_at <= now()))
      RETURNING task_id AS "taskId"`;
    return begun ? { state: 'begun', taskId: begun.taskId ?? undefined } : { state: 'in_progress' };
  }

  /** Tells that the attempts are alive. @throws StoreUnavailableError */
  async renew(attempts: readonly Attempt[], leaseMs: number): Promise<void> {
    const owners = attempts.map(({ request }) => request.owner);
    const keyHashes = attempts.map(({ request }) => request.keyHash);
    const tokens = attempts.map(({ token }) => token);
    await withDatabase(
      () => this.database.$executeRaw`
        UPDATE idempotency_records AS known SET lease_expires_at = ${after(leaseMs)}
        FROM unnest(${owners}::text[], ${keyHashes}::text[], ${tokens}::uuid[]) AS alive (owner, key_hash, token)
        WHERE known.owner = alive.owner AND known.key_hash = alive.key_hash AND known.token = alive.token
          AND status IS NULL`,
    );
  }

  /** Keeps the attempt's reply. @throws AttemptLostError, StoreUnavailableError */
  async complete(attempt: Attempt, reply: KeptReply): Promise<void> {
    const written = await withDatabase(
      () => this.database.$executeRaw`
        UPDATE idempotency_records SET ${replySql(reply)} WHERE ${isAttempt(attempt)} AND status IS NULL`,
    );
    if (written === 0) throw new AttemptLostError();
  }

  /** Forgets an attempt that did nothing; one that made a task is ended without a reply. @throws StoreUnavailableError */
  async forget(attempt: Attempt): Promise<void> {
    const forgotten = await withDatabase(
      () => this.database.$executeRaw`
        DELETE FROM idempotency_records WHERE ${isAttempt(attempt)} AND status IS NULL AND task_id IS NULL`,
    );
    if (forgotten === 0) await this.end(attempt);
  }

  /** Ends an attempt without a reply, as if it had died. @throws StoreUnavailableError */
  async end(attempt: Attempt): Promise<void> {
    await withDatabase(
      () => this.database.$executeRaw`
        UPDATE idempotency_records SET lease_expires_at = now() WHERE ${isAttempt(attempt)} AND status IS NULL`,
    );
  }
}

function toReply({ status, headers, body, bodyMedia }: z.infer<typeof recordSchema> & { status: number }): KeptReply {
  return {
    status,
    headers: headers ?? {},
    body: bodyMedia === null ? (body ?? new Uint8Array()) : { media: bodyMedia },
  };
}

/** The condition that a row is the attempt's. */
export function isAttempt({ request, token }: Attempt): Prisma.Sql {
  return Prisma.sql`owner = ${request.owner} AND key_hash = ${request.keyHash} AND token = ${token}::uuid`;
}

/** What makes a row that of a finished reply. */
export function replySql({ status, headers, body }: KeptReply): Prisma.Sql {
  const [bytes, media] = body instanceof Uint8Array ? [Buffer.from(body), null] : [null, body.media];
  return Prisma.sql`
    status = ${status}, headers = ${JSON.stringify(headers)}::jsonb, body = ${bytes}::bytea, body_media = ${media}`;
}

function after(ms: number): Prisma.Sql {
  return Prisma.sql`now() + ${ms}::bigint * interval '1 millisecond'`;
}
