import type { Logger } from '@grok2api/service-kit';
import type { Database } from './database.js';
import type { UsageStore } from './usage/usage-store.js';

const INTERVAL_MS = 3_600_000;
/** Longer than a task may be under way at the upstream: none can need the credential for polling any more. */
const DELETED_KEPT = '8 days';
/** What is this old is neither counted nor held any more. */
const LIMITS_KEPT = '1 hour';

/** Removes now and then what nobody needs any more. Any number of processes may do so at once. */
export class Sweep {
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly database: Database,
    private readonly usage: UsageStore,
    private readonly log: Logger,
  ) {}

  /** Sweeps, and then every hour, in the background. */
  start(): void {
    const sweep = () => {
      this.run().catch((err: unknown) => this.log.warn({ err }, 'sweeping failed, it is tried again in an hour'));
    };
    sweep();
    this.#timer = setInterval(sweep, INTERVAL_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Sweeps once. With its row the secret of a deleted credential goes. */
  async run(): Promise<void> {
    const purged = await this.database.$executeRaw`
      DELETE FROM pool.credentials WHERE deleted_at < now() - ${DELETED_KEPT}::interval`;
    if (purged > 0) this.log.info({ credentials: purged }, 'purged credentials that were deleted long ago');
    await this.database.$executeRaw`
      DELETE FROM pool.request_slots WHERE expires_at < now() - ${LIMITS_KEPT}::interval`;
    await this.usage.sweep();
  }
}
