import type { Bus, Subscription } from '@grok2api/bus';
import { type Credential, credentialChanged, type Outcome, slotsWanted } from '@grok2api/contracts';
import type { Logger } from '@grok2api/service-kit';
import { CredentialCache } from './credential-cache.js';
import type { CredentialMetrics } from './credential-metrics.js';
import { ClosedError } from './errors.js';
import { HeldGrant, type ReportDetails } from './held-grant.js';
import { Keeper } from './keeper.js';
import type { LocalGrant } from './local-grant.js';
import { PoolLink } from './pool-link.js';
import { Reporter } from './reporter.js';
import { hashStickyKey, StickyMemory } from './sticky-memory.js';
import { ALL_MODELS, Stock, type Wish } from './stock.js';
import type { Unavailable } from './unavailable.js';
import { type Waiter, WaitingLine } from './waiting-line.js';

export interface CredentialClientOptions {
  bus: Bus;
  /** This process' name, unique among all that hold grants. */
  holder: string;
  /** In ms. */
  now: () => number;
  log: Logger;
  /** Where waiting is measured. */
  metrics?: CredentialMetrics;
}

/** What a call wants besides models. */
export interface AcquireOptions {
  /** Ends the waiting. */
  signal: AbortSignal;
  /** Ids of credentials that are taken only when no other can serve. */
  avoid?: readonly string[];
  /** Calls with the same one go to the same credential, as long as that is free. */
  sticky?: string | undefined;
  /** How long to wait while every credential is busy or the token pool is away, in ms; else there is no waiting. */
  waitMs?: number;
}

const MAX_MESSAGE = 500;

/**
 * Holds grants of the token pool and hands their slots out, without a message as long as the load is steady. While the
 * token pool is away calls go on with the grants that are held, until these end.
 */
export class CredentialClient {
  readonly #options: CredentialClientOptions;
  readonly #stock = new Stock();
  readonly #link: PoolLink;
  readonly #line: WaitingLine;
  readonly #keeper: Keeper;
  readonly #sticky: StickyMemory;
  readonly #reporter: Reporter;
  readonly #cache: CredentialCache;
  readonly #held = new Set<HeldGrant>();
  readonly #subscriptions: Subscription[];
  #closed = false;

  constructor(options: CredentialClientOptions) {
    const { bus, now, log } = options;
    this.#options = options;
    this.#reporter = new Reporter(bus, log);
    this.#cache = new CredentialCache(bus, now, log);
    this.#link = new PoolLink(options);
    this.#sticky = new StickyMemory(now);
    options.metrics?.slots.readFrom(() => this.#stock.limitedSlots());
    const parts = { stock: this.#stock, link: this.#link, now, log };
    this.#line = new WaitingLine({ ...parts, sticky: this.#sticky, unwanted: (grant) => this.#discard(grant) });
    this.#keeper = new Keeper({ ...parts, supplied: () => this.#line.serve() });
    this.#subscriptions = [
      bus.on(credentialChanged, (change) => this.#link.giveBack(this.#stock.heed(change, now()))),
      bus.on(slotsWanted, ({ models }) => this.#link.giveBack(this.#stock.allIdle(models, now()))),
    ];
  }

  /**
   * One slot of a credential that can serve any of the upstream models: of a grant that is held, else of one that the
   * token pool gives, within two seconds. The caller releases it when its call has ended.
   * @throws the signal's reason when it is aborted, ClosedError after `close`
   */
  async acquire(models: readonly string[], options: AcquireOptions): Promise<HeldGrant | Unavailable> {
    const { signal, avoid = [], sticky, waitMs = 0 } = options;
    signal.throwIfAborted();
    if (this.#closed) throw new ClosedError();
    const wish: Wish = { models, avoid, ...(sticky === undefined ? {} : { sticky: hashStickyKey(sticky) }) };
    const end = this.#options.metrics?.waits.startTimer();
    let outcome = 'left';
    try {
      const taken = this.#takeHeld(wish) ?? (await this.#wait(wish, waitMs, signal));
      outcome = 'status' in taken ? taken.reason : 'granted';
      return 'status' in taken ? taken : this.#hold(taken, models);
    } finally {
      end?.({ outcome });
    }
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
  async deliver(credentialId: string, model: string, outcome: Outcome, details: ReportDetails = {}): Promise<void> {
    if (outcome === 'not_counted') return;
    if (outcome === 'ok') {
      if (this.#stock.unwatch(credentialId, model)) await this.#send(credentialId, model, outcome, details);
      return;
    }
    this.#suffer(credentialId, model, outcome);
    await this.#send(credentialId, model, outcome, details);
  }

  /** Gives back what is held and delivers the last reports, within seconds. No grant is given from now on. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
    this.#keeper.close();
    await this.#line.close();
    for (const held of this.#held) void held.release();
    for (const grant of [...this.#stock.grants]) {
      const given = this.#stock.remove(grant);
      if (given) this.#link.giveBack([given]);
    }
    await Promise.all([this.#link.settled(), this.#reporter.close()]);
  }

  #takeHeld(wish: Wish): LocalGrant | undefined {
    const now = this.#options.now();
    if (wish.sticky === undefined) return this.#stock.take(wish, now);
    const credentialId = this.#sticky.recall(wish.sticky);
    return credentialId === undefined ? undefined : this.#stock.take(wish, now, credentialId);
  }

  #wait(wish: Wish, waitMs: number, signal: AbortSignal): Promise<LocalGrant | Unavailable> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#line.leave(waiter);
        reject(signal.reason);
      };
      const waiter: Waiter = {
        wish,
        waitUntil: this.#options.now() + waitMs,
        settle: (result) => {
          signal.removeEventListener('abort', leave);
          if (result instanceof ClosedError) reject(result);
          else resolve(result);
        },
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#line.join(waiter);
    });
  }

  #hold(grant: LocalGrant, models: readonly string[]): HeldGrant {
    const owner = {
      now: this.#options.now,
      deliver: this.#deliverOf.bind(this),
      released: this.#released.bind(this),
    };
    const able = models.filter((model) => grant.models.has(model));
    const held = new HeldGrant(owner, grant, able);
    this.#held.add(held);
    return held;
  }

  #released(held: HeldGrant, grant: LocalGrant): void {
    this.#held.delete(held);
    const given = this.#stock.release(grant);
    if (given) this.#link.giveBack([given]);
    this.#line.serve(1);
  }

  /** A grant for a single call that nobody makes. */
  #discard(grant: LocalGrant): void {
    const given = this.#stock.remove(grant);
    if (given) this.#link.giveBack([given]);
    for (const model of grant.models) void this.#deliverOf(grant, model, 'not_counted', {});
  }

  #deliverOf(grant: LocalGrant, model: string, outcome: Outcome, details: ReportDetails): Promise<void> {
    const id = grant.credential.id;
    // It may be a probe: whatever came of it, others may try again.
    if (outcome === 'not_counted' && grant.once && this.#stock.unwatch(id, model)) {
      return this.#send(id, model, outcome, details);
    }
    return this.deliver(id, model, outcome, details);
  }

  /** Heeds an outcome here, before the token pool says the same. */
  #suffer(credentialId: string, model: string, outcome: Exclude<Outcome, 'ok' | 'not_counted'>): void {
    if (outcome === 'fault' || outcome === 'rate_limited') this.#stock.watch(credentialId, [model]);
    if (outcome === 'fault') return;
    const barred = outcome === 'dead' || outcome === 'no_credits' ? ALL_MODELS : model;
    this.#link.giveBack(this.#stock.bar(credentialId, [barred], this.#options.now()));
  }

  #send(credentialId: string, model: string, outcome: Outcome, details: ReportDetails): Promise<void> {
    const { retryAfterMs, message } = details;
    return this.#reporter.send({
      credential_id: credentialId,
      model,
      outcome,
      ...(retryAfterMs === undefined ? {} : { retry_after_ms: Math.max(0, Math.ceil(retryAfterMs)) }),
      ...(message === undefined ? {} : { message: message.slice(0, MAX_MESSAGE) }),
    });
  }
}
