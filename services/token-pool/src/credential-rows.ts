import { createHash } from 'node:crypto';
import type { Candidate } from './candidate.js';
import type { EncryptedCredential } from './credential-encryption.js';
import type { Database } from './database.js';
import { Prisma } from './generated/client.js';
import { keyHash } from './sticky.js';

/** A credential as it is stored, with all that a choice depends on. */
export interface StoredCredential extends Candidate, EncryptedCredential {
  /** Rises with each change of what a choice depends on. */
  version: number;
  /** Others when calls are to be made in another way: see the grants' `terms`. */
  terms: string;
}

/** What statements can be run on: the database, or a transaction. */
export type Statements = Pick<Database, '$queryRaw' | '$executeRaw'>;

interface Row extends EncryptedCredential {
  enabled: boolean;
  priority: number;
  maxConcurrency: number;
  requestsPerSecond: number;
  version: number;
  listedModels: string[];
  nextCallInMs: number;
  lastUsedMsAgo: number | null;
  inUse: number;
  models: { model: string; dead: boolean; restMs: number; coolingStep: number; faults: number }[];
}

const TERMS_DIGITS = 16;

/** Reads credentials from the database. Its times become times of the process' clock, never earlier than they are. */
export class CredentialRows {
  /** Most credentials have the same lists: each is in memory once. */
  readonly #lists = new Map<string, ReadonlySet<string>>();

  constructor(
    private readonly breakerFaults: number,
    private readonly now: () => number,
  ) {}

  /** Every credential. */
  all(statements: Statements): Promise<StoredCredential[]> {
    return this.#read(statements, Prisma.sql`true`);
  }

  /** Those that may have changed in or after a transaction. */
  changedSince(statements: Statements, transaction: bigint): Promise<StoredCredential[]> {
    return this.#read(statements, Prisma.sql`c.changed_in >= ${transaction}`);
  }

  /** Those of the ids that are there. */
  some(statements: Statements, ids: readonly string[]): Promise<StoredCredential[]> {
    return this.#read(statements, Prisma.sql`c.id = ANY(${[...ids]})`);
  }

  // A grant counts as long as its row is there: one that has expired may be about to be renewed.
  async #read(statements: Statements, which: Prisma.Sql): Promise<StoredCredential[]> {
    const rows = await statements.$queryRaw<Row[]>`
      SELECT c.id, c.priority,
        c.enabled AND c.budget_exhausted_in IS DISTINCT FROM to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM') AS enabled,
        c.max_concurrency AS "maxConcurrency",
        c.requests_per_second AS "requestsPerSecond", c.base_url AS "baseUrl",
        c.proxy_url AS "proxyUrl", c.proxy_login_encrypted AS "proxyLoginEncrypted",
        c.secret_encrypted AS "secretEncrypted", c.listed_models AS "listedModels",
        c.changed_in::float8 AS version,
        ${msUntil('c.next_call_at')} AS "nextCallInMs",
        (extract(epoch FROM clock_timestamp() - c.last_used_at) * 1000)::float8 AS "lastUsedMsAgo",
        (SELECT coalesce(sum(g.slots), 0)::int FROM pool.grants g WHERE g.credential_id = c.id) AS "inUse",
        (SELECT coalesce(json_agg(json_build_object(
            'model', m.model, 'dead', m.state = 'dead', 'coolingStep', m.cooling_step, 'faults', m.faults,
            'restMs', greatest(${msUntil('m.cooling_until')}, ${msUntil('m.probe_until')}))), '[]')
          FROM pool.credential_models m WHERE m.credential_id = c.id) AS models
      FROM pool.credentials c WHERE ${which}`;
    const now = this.now();
    return rows.map((row) => this.#toCredential(row, now));
  }

  #toCredential(row: Row, now: number): StoredCredential {
    const health = row.models.map(({ model, dead, restMs, coolingStep, faults }) => {
      const restsUntil = restMs > 0 ? now + restMs : 0;
      const broken = faults >= this.breakerFaults;
      return [model, { dead, restsUntil, broken, watched: coolingStep > 0 || faults > 0 }] as const;
    });
    // Written out: objects that are spread together are read many times more slowly, and a choice reads thousands.
    return {
      id: row.id,
      idHash: keyHash(row.id),
      version: row.version,
      terms: termsOf(row),
      enabled: row.enabled,
      priority: row.priority,
      maxConcurrency: row.maxConcurrency,
      inUse: row.inUse,
      requestsPerSecond: row.requestsPerSecond,
      nextCallAt: row.nextCallInMs > 0 ? now + row.nextCallInMs : 0,
      lastUsedAt: row.lastUsedMsAgo === null ? Number.NEGATIVE_INFINITY : now - row.lastUsedMsAgo,
      listed: this.#interned(row.listedModels),
      models: new Map(health),
      baseUrl: row.baseUrl,
      secretEncrypted: row.secretEncrypted,
      proxyUrl: row.proxyUrl,
      proxyLoginEncrypted: row.proxyLoginEncrypted,
    };
  }

  #interned(names: readonly string[]): ReadonlySet<string> {
    const key = names.join('\n');
    const known = this.#lists.get(key);
    if (known) return known;
    const list = new Set(names);
    this.#lists.set(key, list);
    return list;
  }
}

/** Which upstream is called, how, and whether every call is asked for. */
function termsOf({ baseUrl, proxyUrl, proxyLoginEncrypted, requestsPerSecond }: Row): string {
  const login = proxyLoginEncrypted && Buffer.from(proxyLoginEncrypted).toString('hex');
  const terms = JSON.stringify([baseUrl, proxyUrl, login, requestsPerSecond > 0]);
  return createHash('sha256').update(terms).digest('hex').slice(0, TERMS_DIGITS);
}

/** SQL: how long until a time, 0 when it is over or there is none. */
function msUntil(column: string): Prisma.Sql {
  return Prisma.raw(`greatest(coalesce(extract(epoch FROM ${column} - clock_timestamp()) * 1000, 0), 0)::float8`);
}
