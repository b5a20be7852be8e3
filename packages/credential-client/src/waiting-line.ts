import type { Logger } from '@grok2api/service-kit';
import { ClosedError, POOL_RETRY_MS } from './errors.js';
import type { LocalGrant } from './local-grant.js';
import type { PoolLink } from './pool-link.js';
import type { StickyMemory } from './sticky-memory.js';
import type { Stock, Wish } from './stock.js';
import type { Unavailable } from './unavailable.js';

/** Somebody who waits for a slot. */
export interface Waiter {
  wish: Wish;
  /** Until then it waits while every credential is busy or the pool is away, in ms. */
  waitUntil: number;
  /** Called once, unless it leaves the line before. */
  settle(result: LocalGrant | Unavailable | ClosedError): void;
}

export interface WaitingLineOptions {
  stock: Stock;
  link: PoolLink;
  sticky: StickyMemory;
  /** In ms. */
  now: () => number;
  log: Logger;
  /** Called when a grant for a single call is there and nobody wants it any more. */
  unwanted: (grant: LocalGrant) => void;
}

/** Those who wait for the same thing. */
interface Group {
  wish: Wish;
  asking: boolean;
  retry: NodeJS.Timeout | undefined;
  /** Refusals in a row. */
  refusals: number;
}

/** Idle slots of others are free at once when they are wanted; what is in use takes longer. */
const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 500;
const MOST_SLOTS = 1_000;

/** Calls that wait for a slot, first come, first served: one that becomes free here, or one that the pool grants. */
export class WaitingLine {
  readonly #options: WaitingLineOptions;
  /** In the order in which they came, with what their group waits for. */
  readonly #waiters = new Map<Waiter, string>();
  readonly #groups = new Map<string, Group>();
  readonly #asks = new Set<Promise<unknown>>();
  #poolAway = false;

  constructor(options: WaitingLineOptions) {
    this.#options = options;
  }

  /** Puts somebody at the end of the line, and asks the pool. */
  join(waiter: Waiter): void {
    const key = keyOf(waiter.wish);
    this.#waiters.set(waiter, key);
    const group = this.#groups.get(key) ?? { wish: waiter.wish, asking: false, retry: undefined, refusals: 0 };
    this.#groups.set(key, group);
    // Those who come at the same moment are asked for together.
    setImmediate(() => void this.#ask(key, group));
  }

  /** Takes somebody out who does not wait any more. */
  leave(waiter: Waiter): void {
    this.#waiters.delete(waiter);
  }

  /** Serves those whom free slots can serve, at most so many of them. */
  serve(most = Number.POSITIVE_INFINITY): void {
    const { stock, now } = this.#options;
    let left = most;
    for (const waiter of this.#waiters.keys()) {
      if (left <= 0) return;
      const grant = stock.take(waiter.wish, now());
      if (!grant) continue;
      this.#settle(waiter, grant);
      left--;
    }
  }

  /** Lets nobody wait any more. Resolves when what was asked for has been answered and is in the stock. */
  async close(): Promise<void> {
    for (const { retry } of this.#groups.values()) clearTimeout(retry);
    for (const waiter of this.#waiters.keys()) this.#settle(waiter, new ClosedError());
    await Promise.all(this.#asks);
  }

  async #ask(key: string, group: Group): Promise<void> {
    if (group.asking) return;
    clearTimeout(group.retry);
    const waiters = this.#of(key);
    if (waiters.length === 0) {
      this.#groups.delete(key);
      return;
    }
    group.asking = true;
    const ask = this.#acquire(group.wish, waiters);
    this.#asks.add(ask);
    const refusal = await ask;
    this.#asks.delete(ask);
    group.asking = false;
    group.refusals = refusal ? group.refusals + 1 : 0;
    if (refusal) this.#refuse(waiters, refusal);
    if (this.#of(key).some((waiter) => !waiters.includes(waiter))) void this.#ask(key, group);
    else if (this.#of(key).length > 0) this.#askLater(key, group, refusal);
    else this.#groups.delete(key);
  }

  /** Resolves to why those who still wait got nothing. */
  async #acquire(wish: Wish, waiters: readonly Waiter[]): Promise<Unavailable | undefined> {
    const { stock, link, now, log } = this.#options;
    const isPlain = wish.sticky === undefined && wish.avoid.length === 0;
    const slots = Math.min(MOST_SLOTS, waiters.length + (isPlain ? stock.headroom(now()) : 0));
    const askedAt = now();
    try {
      const idle = isPlain ? [] : stock.idleCredentials(wish.models, now());
      const reply = await link.acquire(wish, slots, idle);
      this.#poolAway = false;
      if (reply.status === 'none') {
        return { status: 'unavailable', reason: reply.reason, retryAfterMs: reply.retry_after_ms };
      }
      if (reply.status === 'idle') this.#serveWith(waiters, reply.credential_id);
      else this.#serveNew(waiters, stock.add(reply.grants, wish.models, askedAt));
      return { status: 'unavailable', reason: 'busy', retryAfterMs: FIRST_RETRY_MS };
    } catch (err) {
      if (!this.#poolAway) log.warn({ err }, 'the token pool does not answer');
      this.#poolAway = true;
      return { status: 'unavailable', reason: 'pool_unavailable', retryAfterMs: POOL_RETRY_MS };
    }
  }

  #serveNew(waiters: readonly Waiter[], grants: readonly LocalGrant[]): void {
    const { stock, sticky, now, unwanted } = this.#options;
    for (const { credential } of grants) {
      for (const waiter of this.#still(waiters)) {
        // When it is one to avoid, there is no other.
        const grant = stock.take({ models: waiter.wish.models, avoid: [] }, now(), credential.id);
        if (!grant) break;
        sticky.remember(waiter.wish.sticky, credential.id);
        this.#settle(waiter, grant);
      }
    }
    this.serve();
    for (const grant of grants) if (grant.once && grant.free > 0) unwanted(grant);
  }

  #serveWith(waiters: readonly Waiter[], credentialId: string): void {
    const { stock, sticky, now } = this.#options;
    for (const waiter of this.#still(waiters)) {
      sticky.remember(waiter.wish.sticky, credentialId);
      // When it is one to avoid, there is no other.
      const grant = stock.take({ models: waiter.wish.models, avoid: [] }, now(), credentialId);
      if (grant) this.#settle(waiter, grant);
    }
  }

  /** Those who would wait for nothing, or too long, are told so; unless something here can serve them after all. */
  #refuse(waiters: readonly Waiter[], refusal: Unavailable): void {
    const { stock, now } = this.#options;
    const isPassing = refusal.reason === 'busy' || refusal.reason === 'pool_unavailable';
    for (const waiter of this.#still(waiters)) {
      // When nobody else can serve, one to avoid will do.
      const grant = stock.take({ models: waiter.wish.models, avoid: [] }, now());
      if (grant) this.#settle(waiter, grant);
      else if (!isPassing || now() >= waiter.waitUntil) this.#settle(waiter, refusal);
    }
  }

  #askLater(key: string, group: Group, refusal: Unavailable | undefined): void {
    const nextEnd = Math.min(...this.#of(key).map(({ waitUntil }) => waitUntil));
    const backoff = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (group.refusals - 1));
    // With a pace the pool knows the moment.
    const pause = Math.min(backoff, refusal?.retryAfterMs ?? backoff, Math.max(0, nextEnd - this.#options.now()));
    group.retry = setTimeout(() => void this.#ask(key, group), Math.max(1, pause)).unref();
  }

  #settle(waiter: Waiter, result: LocalGrant | Unavailable | ClosedError): void {
    this.#waiters.delete(waiter);
    waiter.settle(result);
  }

  #of(key: string): Waiter[] {
    return [...this.#waiters].filter(([, own]) => own === key).map(([waiter]) => waiter);
  }

  #still(waiters: readonly Waiter[]): Waiter[] {
    return waiters.filter((waiter) => this.#waiters.has(waiter));
  }
}

function keyOf({ models, avoid, sticky }: Wish): string {
  return JSON.stringify([models, avoid, sticky]);
}
