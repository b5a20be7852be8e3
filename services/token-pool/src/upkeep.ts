import type { Logger } from '@grok2api/service-kit';
import type { Database } from './database.js';
import type { GrantLedger } from './grant-ledger.js';
import { Repeated } from './repeated.js';
import type { Snapshot } from './snapshot.js';

export interface UpkeepOptions {
  database: Database;
  ledger: GrantLedger;
  snapshot: Snapshot;
  /** In ms, by the clock of the snapshot. */
  now: () => number;
  log: Logger;
}

const INTERVAL_MS = 30_000;

/** Deletes grants that have expired unnoticed, and writes down when credentials were last used: not with every grant. */
export class Upkeep {
  readonly #options: UpkeepOptions;
  readonly #rounds: Repeated;
  #writtenUntil: number;

  constructor(options: UpkeepOptions) {
    this.#options = options;
    this.#writtenUntil = options.now();
    this.#rounds = new Repeated({
      name: 'the upkeep of the grants',
      run: () => this.#round(),
      pauseAfterErrorMs: INTERVAL_MS,
      log: options.log,
    });
  }

  start(): void {
    this.#rounds.start();
  }

  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  async #round(): Promise<number> {
    await this.#options.ledger.sweep();
    await this.#writeLastUses();
    return INTERVAL_MS;
  }

  async #writeLastUses(): Promise<void> {
    const { database, snapshot, now } = this.#options;
    const [since, until] = [this.#writtenUntil, now()];
    const used = [...snapshot.candidates].filter(({ lastUsedAt }) => lastUsedAt > since);
    if (used.length > 0) {
      const [ids, msAgo] = [used.map(({ id }) => id), used.map(({ lastUsedAt }) => until - lastUsedAt)];
      // Rows that somebody else has locked are theirs to bring up to date.
      await database.$executeRaw`
        WITH used AS (
          SELECT c.id, u.ms_ago FROM pool.credentials c JOIN unnest(${ids}::text[], ${msAgo}::float8[]) AS u(id, ms_ago) USING (id)
          ORDER BY c.id FOR NO KEY UPDATE OF c SKIP LOCKED
        )
        UPDATE pool.credentials c
        SET last_used_at = greatest(c.last_used_at, clock_timestamp() - used.ms_ago * interval '1 millisecond')
        FROM used WHERE c.id = used.id`;
    }
    this.#writtenUntil = until;
  }
}
