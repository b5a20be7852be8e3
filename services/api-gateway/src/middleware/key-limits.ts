import { ApiError } from '@grok2api/contracts';
import type { Logger } from '@grok2api/service-kit';
import type { RequestHandler, Response } from 'express';
import type { ClientKey } from '../client-keys/client-key.js';
import { Concurrency } from '../client-keys/concurrency.js';
import { type AdmissionReply, type Allowance, RequestAllowance } from '../client-keys/request-allowance.js';

export interface KeyLimitsDependencies {
  /** Asks the token pool to count requests of a key against its requests a minute. */
  admit: (keyId: string, count: number) => Promise<AdmissionReply>;
  /** Tells the token pool how many requests of a key this gateway wants to have in progress. */
  hold: (keyId: string, slots: number) => Promise<{ slots: number; expires_in_ms: number }>;
  now: () => number;
  log: Logger;
}

const MS_PER_S = 1000;
const S_PER_MIN = 60;
const CONCURRENCY_RETRY_AFTER_MS = 1_000;

/** Holds requests to the limits of their client key: budget, requests at a time, requests a minute. */
export class KeyLimits {
  readonly #dependencies: KeyLimitsDependencies;
  readonly #allowances = new Map<string, RequestAllowance>();
  readonly #concurrencies = new Map<string, Concurrency>();

  constructor(dependencies: KeyLimitsDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Counts a request, after its key was recognised. A budget that is used up keeps from making more, not from reading.
   * @throws ApiError `insufficient_quota`, `rate_limit_exceeded`
   */
  readonly enforce: RequestHandler = async (req, res, next) => {
    const { key } = res.locals.identity;
    if (!key) return next();
    if (req.method === 'POST') this.#checkBudget(key);
    if (key.maxConcurrency !== undefined) await this.#begin(key, key.maxConcurrency, res);
    if (key.requestsPerMinute !== undefined) await this.#count(key.owner, key.requestsPerMinute, res);
    next();
  };

  /** Gives back what is held of the keys' requests at a time. */
  async close(): Promise<void> {
    await Promise.allSettled([...this.#concurrencies.values()].map((concurrency) => concurrency.close()));
  }

  #checkBudget(key: ClientKey): void {
    const { budgetExhaustedIn } = key;
    const now = new Date(this.#dependencies.now());
    if (budgetExhaustedIn === undefined || !now.toISOString().startsWith(budgetExhaustedIn)) return;
    const nextMonth = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1);
    // No client should wait for it: OpenAI's would, for a while.
    throw new ApiError('insufficient_quota', {
      headers: {
        ...this.#knownLimit(key),
        'retry-after': retryAfter(nextMonth - now.getTime()),
        'x-should-retry': 'false',
      },
    });
  }

  async #begin(key: ClientKey, limit: number, res: Response): Promise<void> {
    const end = await this.#concurrencyOf(key.owner, limit).begin();
    if (!end) {
      throw new ApiError('rate_limit_exceeded', {
        message: `Rate limit reached for this API key on requests in progress: Limit ${limit}. Please try again in 1s.`,
        headers: { ...this.#knownLimit(key), 'retry-after': retryAfter(CONCURRENCY_RETRY_AFTER_MS) },
      });
    }
    if (res.closed) end();
    else res.once('close', end);
  }

  async #count(owner: string, limit: number, res: Response): Promise<void> {
    const allowance = await this.#allowanceOf(owner, limit).take();
    res.set(rateLimitHeaders(limit, allowance));
    if (allowance.admitted) return;
    const wait = formatWait(allowance.retryAfterMs);
    throw new ApiError('rate_limit_exceeded', {
      message: `Rate limit reached for this API key on requests per min (RPM): Limit ${limit}, Used ${limit}, Requested 1. Please try again in ${wait}.`,
      headers: { 'retry-after': retryAfter(allowance.retryAfterMs) },
    });
  }

  /** The headers for who is refused for something else, and so not counted. */
  #knownLimit({ owner, requestsPerMinute: limit }: ClientKey): Record<string, string> {
    return limit === undefined ? {} : rateLimitHeaders(limit, this.#allowanceOf(owner, limit).look());
  }

  #allowanceOf(owner: string, limit: number): RequestAllowance {
    const { admit, now } = this.#dependencies;
    let allowance = this.#allowances.get(owner);
    if (!allowance) {
      const ask = (count: number) => admit(owner, count);
      allowance = new RequestAllowance(limit, { ask, now, onAway: (err) => this.#logAway(err, owner) });
      this.#allowances.set(owner, allowance);
    }
    allowance.limit = limit;
    return allowance;
  }

  #concurrencyOf(owner: string, limit: number): Concurrency {
    const { hold, now } = this.#dependencies;
    let concurrency = this.#concurrencies.get(owner);
    if (!concurrency) {
      const holdOwn = (slots: number) => hold(owner, slots);
      concurrency = new Concurrency(limit, { hold: holdOwn, now, onAway: (err) => this.#logAway(err, owner) });
      this.#concurrencies.set(owner, concurrency);
    }
    concurrency.limit = limit;
    return concurrency;
  }

  #logAway(err: unknown, owner: string): void {
    this.#dependencies.log.warn({ err, owner }, 'the token pool does not count requests, this gateway does on its own');
  }
}

/** The headers of OpenAI's API about requests a minute. */
function rateLimitHeaders(limit: number, { remaining, resetMs }: Allowance): Record<string, string> {
  return {
    'x-ratelimit-limit-requests': String(limit),
    'x-ratelimit-remaining-requests': String(remaining),
    'x-ratelimit-reset-requests': formatWait(resetMs),
  };
}

function retryAfter(ms: number): string {
  return String(Math.max(1, Math.ceil(ms / MS_PER_S)));
}

/** A length of time as OpenAI writes it: `120ms`, `8.64s`, `6m0s`. */
function formatWait(ms: number): string {
  if (ms < MS_PER_S) return `${Math.ceil(ms)}ms`;
  if (ms < S_PER_MIN * MS_PER_S) return `${Number((ms / MS_PER_S).toFixed(2))}s`;
  const seconds = Math.ceil(ms / MS_PER_S);
  return `${Math.floor(seconds / S_PER_MIN)}m${seconds % S_PER_MIN}s`;
}
