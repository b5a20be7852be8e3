import { setTimeout as sleep } from 'node:timers/promises';

export interface ConcurrencyOptions {
  /** Tells the token pool how many slots this gateway wants; rejects when it does not answer. */
  hold: (slots: number) => Promise<{ slots: number; expires_in_ms: number }>;
  /** In ms. */
  now: () => number;
  /** Called when the token pool does not answer, and this process counts on its own. */
  onAway: (err: unknown) => void;
}

interface Waiting {
  until: number;
  begin: (end: (() => void) | undefined) => void;
}

/** A request may come through another gateway just before the end of the one before is known: it waits a little. */
const PATIENCE_MS = 300;
const RETRY_MS = 50;
/** Of a limit, the share that one gateway keeps between two requests. */
const SHARE_IDLE = 1 / 20;
/** What was not needed in all of this time is given back. */
const TICK_MS = 500;
/** Slots are asked for again this often within their time. */
const RENEWALS = 3;

/**
 * One key's requests in progress, as far as they come to this gateway. The token pool says how many it may have, so that
 * all gateways together keep to the limit. Slots are given back as requests end; of a limit of 20 or more a few are kept
 * for a moment, so that a steady load seldom asks.
 */
export class Concurrency {
  readonly #options: ConcurrencyOptions;
  readonly #waiting: Waiting[] = [];
  #inUse = 0;
  #held = 0;
  #heldUntil = 0;
  #renewAt = 0;
  /** The least that was held without need since the last tick. */
  #idle = 0;
  /** Whether the token pool does not answer. */
  #away = false;
  #syncing = false;
  #syncAgain = false;
  #ticks: NodeJS.Timeout | undefined;

  /** @param limit requests at a time; it may be set to another at any time */
  constructor(
    public limit: number,
    options: ConcurrencyOptions,
  ) {
    this.#options = options;
  }

  /** Begins a request; resolves to what ends it, or to undefined when as many as are allowed are in progress. */
  begin(): Promise<(() => void) | undefined> {
    if (this.#inUse < this.#usable()) return Promise.resolve(this.#start());
    return new Promise((begin) => {
      this.#waiting.push({ until: this.#options.now() + PATIENCE_MS, begin });
      void this.#sync(this.#held);
    });
  }

  /** Asks for nothing any more and gives back what is held. */
  async close(): Promise<void> {
    clearInterval(this.#ticks);
    if (this.#held > 0) await this.#options.hold(0);
  }

  #start(): () => void {
    this.#inUse++;
    this.#idle = Math.min(this.#idle, this.#held - this.#inUse);
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      this.#inUse--;
      this.#admitWaiting();
      const most = this.#inUse + Math.floor(this.limit * SHARE_IDLE);
      if (this.#held > most) void this.#sync(most);
    };
  }

  #usable(): number {
    if (this.#away) return this.limit;
    return this.#options.now() < this.#heldUntil ? Math.min(this.#held, this.limit) : 0;
  }

  /** Makes what is held agree with what is needed, and with `keep` where that is more. */
  async #sync(keep: number): Promise<void> {
    if (this.#syncing) {
      this.#syncAgain = true;
      return;
    }
    this.#syncing = true;
    for (let target = keep; ; target = this.#inUse) {
      this.#syncAgain = false;
      await this.#hold(Math.max(target, this.#inUse + this.#waiting.length));
      this.#admitWaiting();
      this.#refuseImpatient();
      // Others may be about to give some back.
      if (this.#waiting.length > 0) await sleep(RETRY_MS);
      else if (!this.#syncAgain) break;
    }
    this.#syncing = false;
    this.#tick();
  }

  async #hold(slots: number): Promise<void> {
    const { hold, now, onAway } = this.#options;
    const askedAt = now();
    try {
      const reply = await hold(Math.min(slots, this.limit));
      this.#away = false;
      this.#held = reply.slots;
      this.#idle = reply.slots - this.#inUse;
      this.#heldUntil = askedAt + reply.expires_in_ms;
      this.#renewAt = askedAt + reply.expires_in_ms / RENEWALS;
    } catch (err) {
      if (!this.#away) onAway(err);
      this.#away = true;
    }
  }

  #admitWaiting(): void {
    while (this.#inUse < this.#usable()) {
      const next = this.#waiting.shift();
      if (!next) return;
      next.begin(this.#start());
    }
  }

  #refuseImpatient(): void {
    const now = this.#options.now();
    while ((this.#waiting[0]?.until ?? Number.POSITIVE_INFINITY) <= now) this.#waiting.shift()?.begin(undefined);
  }

  /** Looks now and then, for as long as something is held: to renew it, or to give back what nobody needs. */
  #tick(): void {
    const needed = this.#held > 0 || this.#away;
    if (needed === (this.#ticks !== undefined)) return;
    clearInterval(this.#ticks);
    this.#ticks = needed ? setInterval(() => this.#look(), TICK_MS).unref() : undefined;
  }

  #look(): void {
    const idle = Math.max(0, this.#idle);
    this.#idle = this.#held - this.#inUse;
    if (idle > 0 || this.#away || this.#options.now() >= this.#renewAt) void this.#sync(this.#held - idle);
  }
}
