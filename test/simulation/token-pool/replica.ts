import type { CredentialChange } from '@grok2api/contracts';
import { CredentialRows } from '../../../services/token-pool/src/credential-rows.js';
import { GrantLedger } from '../../../services/token-pool/src/grant-ledger.js';
import { Grants } from '../../../services/token-pool/src/grants.js';
import type { RestRules } from '../../../services/token-pool/src/outcomes.js';
import { Reports } from '../../../services/token-pool/src/reports.js';
import { Snapshot } from '../../../services/token-pool/src/snapshot.js';
import type { PoolDatabase } from './pool-database.js';
import { silent } from './silent.js';

export const GRANT_TTL_MS = 10_000;
export const RULES: RestRules = {
  coolingFirstMs: 2_000,
  coolingLongestMs: 60_000,
  breakerFaults: 1,
  breakerRestMs: 3_000,
};

/** One process of the token pool: the service's own parts, without the bus. */
export class Replica {
  readonly grants: Grants;
  readonly reports: Reports;
  readonly #snapshot: Snapshot;

  private constructor(
    pool: PoolDatabase,
    now: () => number,
    random: () => number,
    /** Called with what the process announces. */
    announce: (changes: readonly CredentialChange[]) => void,
  ) {
    const { database, secrets } = pool;
    const rows = new CredentialRows(RULES.breakerFaults, now);
    this.#snapshot = new Snapshot(database, rows, now);
    this.#snapshot.onChanges(({ worse }) => announce(worse));
    const ledger = new GrantLedger(database, rows, GRANT_TTL_MS, now);
    const parts = { snapshot: this.#snapshot, ledger, secrets, ttlMs: GRANT_TTL_MS, now, log: silent };
    this.grants = new Grants({ ...parts, wanted: () => {} });
    const changed = (ids: readonly string[]) => this.#snapshot.read(ids);
    this.reports = new Reports({ database, rules: RULES, log: silent, random, changed });
  }

  static async start(
    pool: PoolDatabase,
    now: () => number,
    random: () => number,
    announce: (changes: readonly CredentialChange[]) => void,
  ): Promise<Replica> {
    const replica = new Replica(pool, now, random, announce);
    await replica.#snapshot.readAll();
    return replica;
  }

  /** What it does each second, and when it hears of a change. */
  catchUp(): Promise<void> {
    return this.#snapshot.catchUp();
  }
}
