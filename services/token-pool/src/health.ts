import type { Credential } from '@grok2api/contracts';
import { type GrokUpstream, UpstreamError } from '@grok2api/grok-upstream';
import type { Logger } from '@grok2api/service-kit';
import type { CredentialStore } from './credential-store.js';
import type { Database } from './database.js';
import { Repeated } from './repeated.js';

export interface HealthOptions {
  database: Database;
  credentials: CredentialStore;
  upstream: Pick<GrokUpstream, 'checkKey' | 'listModels'>;
  /** How often each credential is checked. */
  intervalMs: number;
  log: Logger;
  /** 0 to 1, for jitter. */
  random: () => number;
  /** Called with the id of a credential whose check was written down. */
  changed: (credentialIds: readonly string[]) => Promise<void>;
}

/** What the upstream says of a credential. */
export interface Checkup {
  usable: boolean;
  /** Why it is not, or why nobody can tell. */
  reason?: string;
  /** The upstream's names of the models that it lists for it, aliases included. */
  models: string[];
}

/** What of a checkup the upstream told; the rest stays as it was. */
interface Verdict {
  checkup: Checkup;
  told: 'nothing' | 'key' | 'key and models';
}

/** Checked at the same time by one process. */
const AT_ONCE = 8;
const LOOK_EVERY_MS = 1_000;
/** A check that is under way is nobody else's for so long; one that told nothing is made again after it. */
const RETRY_MS = 60_000;
const JITTER = 0.2;

/**
 * Asks the upstream whether the keys work and which models they may use: when one is new, again after each interval,
 * and on demand. Any number of processes share the work. A key that was disabled as dead and works after all is enabled
 * again; one that an operator disabled, or whose money is spent, is not.
 */
export class Health {
  readonly #options: HealthOptions;
  readonly #looks: Repeated;

  constructor(options: HealthOptions) {
    this.#options = options;
    this.#looks = new Repeated({
      name: 'the check of the credentials',
      run: (signal) => this.#checkDue(signal),
      pauseAfterErrorMs: LOOK_EVERY_MS,
      log: options.log,
    });
  }

  start(): void {
    this.#looks.start();
  }

  stop(): Promise<void> {
    return this.#looks.stop();
  }

  /** Checks one credential now. It gets a new chance with every model that the upstream lists for it. */
  async test(id: string, signal: AbortSignal): Promise<Checkup> {
    const credential = await this.#options.credentials.find(id);
    if (!credential) return { usable: false, reason: 'unknown_credential', models: [] };
    const verdict = await this.#ask(credential, signal);
    await this.#write(id, verdict, 'new chance');
    return verdict.checkup;
  }

  async #checkDue(signal: AbortSignal): Promise<number> {
    const { database } = this.#options;
    const due = await database.$queryRaw<{ id: string }[]>`
      UPDATE pool.credentials SET next_check_at = clock_timestamp() + ${RETRY_MS}::int * interval '1 millisecond'
      WHERE id IN (
        SELECT id FROM pool.credentials
        WHERE next_check_at <= clock_timestamp() AND (enabled OR disabled_reason = 'dead')
        ORDER BY next_check_at LIMIT ${AT_ONCE} FOR NO KEY UPDATE SKIP LOCKED)
      RETURNING id`;
    await Promise.all(due.map(({ id }) => this.#check(id, signal)));
    return due.length === AT_ONCE ? 0 : LOOK_EVERY_MS;
  }

  async #check(id: string, signal: AbortSignal): Promise<void> {
    const { credentials, log } = this.#options;
    try {
      const credential = await credentials.find(id);
      if (credential) await this.#write(id, await this.#ask(credential, signal), 'no new chance');
    } catch (err) {
      log.error({ err, credential: id }, 'a credential could not be checked');
    }
  }

  async #ask(credential: Credential, signal: AbortSignal): Promise<Verdict> {
    const { upstream } = this.#options;
    try {
      const state = await upstream.checkKey(credential, { signal });
      if (!state.usable) return { checkup: { usable: false, reason: state.reason, models: [] }, told: 'key' };
    } catch (err) {
      if (!(err instanceof UpstreamError)) throw err;
      return { checkup: { usable: false, reason: err.fault, models: [] }, told: 'nothing' };
    }
    try {
      const models = await upstream.listModels(credential, { signal });
      const names = new Set(models.flatMap(({ id, aliases }) => [id, ...aliases]));
      return { checkup: { usable: true, models: [...names].sort() }, told: 'key and models' };
    } catch (err) {
      if (!(err instanceof UpstreamError)) throw err;
      return { checkup: { usable: true, reason: err.fault, models: [] }, told: 'key' };
    }
  }

  async #write(id: string, { checkup, told }: Verdict, chance: 'new chance' | 'no new chance'): Promise<void> {
    if (told === 'nothing') return;
    await this.#writeNextCheck(id, checkup.usable && told === 'key' ? RETRY_MS : this.#options.intervalMs);
    if (!checkup.usable) await this.#disable(id, checkup);
    else {
      await this.#revive(id);
      if (told === 'key and models') await this.#learn(id, checkup, chance);
    }
    await this.#options.changed([id]);
  }

  async #writeNextCheck(id: string, inMs: number): Promise<void> {
    const { database, random } = this.#options;
    const jitteredMs = inMs * (1 - JITTER + 2 * JITTER * random());
    await database.$executeRaw`
      UPDATE pool.credentials SET checked_at = clock_timestamp(),
        next_check_at = clock_timestamp() + ${jitteredMs}::float8 * interval '1 millisecond'
      WHERE id = ${id}`;
  }

  async #disable(id: string, { reason }: Checkup): Promise<void> {
    const { database, log } = this.#options;
    const data = { enabled: false, disabledReason: 'dead' as const, disabledMessage: reason ?? null };
    const { count } = await database.credential.updateMany({ where: { id, enabled: true }, data });
    if (count > 0) log.warn({ credential: id, reason }, 'credential disabled');
  }

  async #revive(id: string): Promise<void> {
    const { database, log } = this.#options;
    const { count } = await database.credential.updateMany({
      where: { id, enabled: false, disabledReason: 'dead' },
      data: { enabled: true, disabledReason: null, disabledMessage: null },
    });
    if (count > 0) log.info({ credential: id }, 'a credential works after all and is enabled');
  }

  async #learn(id: string, { models }: Checkup, chance: 'new chance' | 'no new chance'): Promise<void> {
    const { database, log } = this.#options;
    // Written only when it is news: each write is read by every process.
    const learned = await database.$executeRaw`
      UPDATE pool.credentials SET listed_models = ${models} WHERE id = ${id} AND listed_models <> ${models}`;
    if (learned > 0) log.info({ credential: id, models }, 'models of a credential');
    if (chance === 'no new chance') return;
    await database.credentialModel.updateMany({
      where: { credentialId: id, model: { in: models }, state: 'dead' },
      data: { state: 'ok' },
    });
  }
}
