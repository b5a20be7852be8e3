import type { Bus } from '@grok2api/bus';
import { type AcquireReply, acquireGrant, type Credential, type Outcome } from '@grok2api/contracts';
import type { Logger } from '@grok2api/service-kit';
import { CredentialCache } from './credential-cache.js';
import { ClosedError } from './errors.js';
import { HeldGrant, type ReportDetails } from './held-grant.js';
import { CALL } from './pool-call.js';
import { Reporter } from './reporter.js';

export interface CredentialClientOptions {
  bus: Bus;
  /** This process' name, unique among all that hold grants. */
  holder: string;
  /** In ms. */
  now: () => number;
  log: Logger;
}

/** Why there is no grant at the moment. */
export interface Unavailable {
  status: 'unavailable';
  /** `pool_unavailable`: the token pool does not answer. The others are the token pool's. */
  reason: Extract<AcquireReply, { status: 'none' }>['reason'] | 'pool_unavailable';
  /** When to ask again. */
  retryAfterMs: number;
}

const POOL_RETRY_MS = 1_000;
const MAX_MESSAGE = 500;

/** Takes grants from the token pool, keeps them alive and gives them back. */
export class CredentialClient {
  readonly #options: CredentialClientOptions;
  readonly #held = new Set<HeldGrant>();
  readonly #reporter: Reporter;
  readonly #cache: CredentialCache;
  #closed = false;

  constructor(options: CredentialClientOptions) {
    const { bus, now, log } = options;
    this.#options = options;
    this.#reporter = new Reporter(bus, log);
    this.#cache = new CredentialCache(bus, now, log);
  }

  /**
   * Asks for one slot of a credential that can serve any of the upstream models. Settles within two seconds.
   * The caller releases the grant when its call has ended.
   * @param models of the upstream
   * @param options `avoid`: ids of credentials that are taken only when no other can serve
   * @throws the signal's reason when it is aborted, ClosedError after `close`; a grant that comes then is given back
   */
  async acquire(
    models: string[],
    { signal, avoid = [] }: { signal: AbortSignal; avoid?: readonly string[] },
  ): Promise<HeldGrant | Unavailable> {
    this.#throwIfStopped(signal);
    const { bus, holder, now, log } = this.#options;
    const askedAt = now();
    let reply: AcquireReply;
    try {
      reply = await bus.call(acquireGrant, { holder, models, slots: 1, avoid: [...avoid] }, CALL);
    } catch (err) {
      this.#throwIfStopped(signal);
      log.warn({ err }, 'the token pool does not answer');
      return { status: 'unavailable', reason: 'pool_unavailable', retryAfterMs: POOL_RETRY_MS };
    }
    if (reply.status === 'none') {
      this.#throwIfStopped(signal);
      return { status: 'unavailable', reason: reply.reason, retryAfterMs: reply.retry_after_ms };
    }
    const owner = {
      ...this.#options,
      report: this.report.bind(this),
      released: (released: HeldGrant) => this.#held.delete(released),
    };
    const grant = new HeldGrant(owner, reply.grant, askedAt);
    this.#held.add(grant);
    if (signal.aborted || this.#closed) void grant.release();
    this.#throwIfStopped(signal);
    return grant;
  }

  /**
   * The credential that made an upstream job, for polling it. Cached for a minute, and longer while the token pool
   * is away.
   * @throws UnknownCredentialError, or PoolUnavailableError when it was never read
   */
  credentialOf(id: string): Promise<Credential> {
    return this.#cache.get(id);
  }

  /** Tells the token pool how a call ended. Never waits, never throws; a report may get lost. */
  report(credentialId: string, model: string, outcome: Outcome, details: ReportDetails = {}): void {
    void this.deliver(credentialId, model, outcome, details);
  }

  /** The same; resolves when the report was delivered or dropped. Never rejects. */
  deliver(credentialId: string, model: string, outcome: Outcome, details: ReportDetails = {}): Promise<void> {
    const { retryAfterMs, message } = details;
    return this.#reporter.send({
      credential_id: credentialId,
      model,
      outcome,
      ...(retryAfterMs === undefined ? {} : { retry_after_ms: Math.max(0, Math.ceil(retryAfterMs)) }),
      ...(message === undefined ? {} : { message: message.slice(0, MAX_MESSAGE) }),
    });
  }

  /** Gives back what is held and delivers the last reports, within seconds. No grant is given from now on. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#held].map((grant) => grant.release()));
    await this.#reporter.close();
  }

  #throwIfStopped(signal: AbortSignal): void {
    signal.throwIfAborted();
    if (this.#closed) throw new ClosedError();
  }
}
