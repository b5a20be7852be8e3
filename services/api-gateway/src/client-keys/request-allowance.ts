import { admit, type WindowEntry } from '@grok2api/contracts';

/** What the token pool says to some requests of a key. */
export interface AdmissionReply {
  admitted: number;
  remaining: number;
  retry_after_ms: number;
  reset_ms: number;
}

/** Whether one request may go on. */
export interface Allowance {
  admitted: boolean;
  /** How many more would be admitted now, as far as this process knows. */
  remaining: number;
  /** Until the next one will be admitted; 0 when one would be now. */
  retryAfterMs: number;
  /** Until nothing is counted any more. */
  resetMs: number;
}

export interface RequestAllowanceOptions {
  /** Asks the token pool, which counts for all gateways. Rejects when it does not answer. */
  ask: (count: number) => Promise<AdmissionReply>;
  /** In ms. */
  now: () => number;
  /** Called when the token pool does not answer, and this process counts on its own. */
  onAway: (err: unknown) => void;
}

/** Of a limit, the share that one gateway has admitted ahead at most: ten gateways waste less than a tenth. */
const SHARE_AHEAD = 1 / 120;
/** What was admitted ahead and not needed within this time is lost. */
const AHEAD_VALID_MS = 2_000;
/** Who asks again this soon needs more at a time. */
const BUSY_MS = 1_000;
/** How long this process counts on its own before it asks again. */
const AWAY_MS = 1_000;

/**
 * One key's requests a minute, as far as they come to this gateway. The token pool counts, so that all gateways together
 * keep to the limit. A busy key is asked for several requests ahead, one of less than 120 a minute never; while the limit
 * is reached nobody is asked.
 */
export class RequestAllowance {
  readonly #options: RequestAllowanceOptions;
  readonly #waiting: ((allowance: Allowance) => void)[] = [];
  #asking = false;
  /** Admitted already, not used yet. */
  #ahead = 0;
  #aheadUntil = 0;
  #batch = 1;
  #askedAt = Number.NEGATIVE_INFINITY;
  #remaining = 0;
  #resetAt = 0;
  #blockedUntil = 0;
  /** Until when this process counts on its own, and what it has counted. */
  #awayUntil = 0;
  #own: WindowEntry[] = [];
  #limit: number;

  /** @param limit requests a minute */
  constructor(limit: number, options: RequestAllowanceOptions) {
    this.#limit = limit;
    this.#options = options;
  }

  /** Another limit from now on, as an administrator may set it. */
  set limit(limit: number) {
    if (limit === this.#limit) return;
    this.#limit = limit;
    this.#ahead = 0;
    this.#blockedUntil = 0;
  }

  /** Counts one request. */
  take(): Promise<Allowance> {
    const now = this.#options.now();
    if (this.#ahead > 0 && now < this.#aheadUntil) {
      this.#ahead--;
      return Promise.resolve(this.#allowance(true, now));
    }
    if (now < this.#blockedUntil) return Promise.resolve(this.#allowance(false, now));
    if (now < this.#awayUntil) return Promise.resolve(this.#takeOwn(now));
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (!this.#asking) void this.#ask();
    });
  }

  /** What would be admitted now as far as this gateway has been told, without counting anything. */
  look(): Allowance {
    const now = this.#options.now();
    if (now >= this.#resetAt) return { admitted: true, remaining: this.#limit, retryAfterMs: 0, resetMs: 0 };
    return this.#allowance(now >= this.#blockedUntil, now);
  }

  async #ask(): Promise<void> {
    const { ask, now, onAway } = this.#options;
    this.#asking = true;
    try {
      while (this.#waiting.length > 0) {
        const askedAt = now();
        const count = Math.max(this.#waiting.length, this.#nextBatch(askedAt));
        this.#receive(await ask(count), count, askedAt);
      }
    } catch (err) {
      if (this.#awayUntil === 0) onAway(err);
      const at = now();
      this.#awayUntil = at + AWAY_MS;
      for (const answer of this.#waiting.splice(0)) answer(this.#takeOwn(at));
    } finally {
      this.#asking = false;
    }
  }

  #receive(reply: AdmissionReply, asked: number, askedAt: number): void {
    const now = this.#options.now();
    this.#awayUntil = 0;
    this.#own = [];
    this.#remaining = reply.remaining;
    this.#resetAt = now + reply.reset_ms;
    const served = this.#waiting.splice(0, reply.admitted);
    this.#ahead = reply.admitted - served.length;
    this.#aheadUntil = askedAt + AHEAD_VALID_MS;
    if (reply.remaining === 0) this.#blockedUntil = now + reply.retry_after_ms;
    for (const answer of served) answer(this.#allowance(true, now));
    if (reply.admitted >= asked) return;
    for (const answer of this.#waiting.splice(0)) answer(this.#allowance(false, now));
  }

  #nextBatch(now: number): number {
    const most = Math.max(1, Math.floor(this.#limit * SHARE_AHEAD));
    this.#batch = now - this.#askedAt < BUSY_MS ? Math.min(this.#batch * 2, most) : 1;
    this.#askedAt = now;
    return this.#batch;
  }

  #allowance(admitted: boolean, now: number): Allowance {
    return {
      admitted,
      remaining: admitted ? this.#remaining + this.#ahead : 0,
      retryAfterMs: Math.max(0, this.#blockedUntil - now),
      resetMs: Math.max(0, this.#resetAt - now),
    };
  }

  #takeOwn(now: number): Allowance {
    const { entries, admitted, remaining, retryAfterMs, resetMs } = admit(this.#own, this.#limit, 1, now);
    this.#own = entries;
    return { admitted: admitted > 0, remaining, retryAfterMs, resetMs };
  }
}
