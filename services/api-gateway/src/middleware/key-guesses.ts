import { ApiError, admit, type WindowEntry } from '@grok2api/contracts';
import type { Request } from 'express';

/** Wrong keys that one address may send in a minute. */
const MAX_FAILURES = 10;
/** Addresses whose failures are remembered at most. */
const REMEMBERED = 10_000;
const MS_PER_S = 1000;

/**
 * Keeps keys from being guessed: an address that has sent ten wrong ones within a minute is not listened to until the
 * first of them is a minute old, whatever it sends.
 */
export class KeyGuesses {
  readonly #failures = new Map<string, WindowEntry[]>();

  constructor(private readonly now: () => number) {}

  /** Comes before a key is looked at. @throws ApiError `rate_limit_exceeded` */
  refuse(req: Request): void {
    const address = req.ip ?? '';
    const { entries, retryAfterMs } = admit(this.#failures.get(address) ?? [], MAX_FAILURES, 0, this.now());
    if (entries.length === 0) this.#failures.delete(address);
    if (retryAfterMs === 0) return;
    const seconds = Math.max(1, Math.ceil(retryAfterMs / MS_PER_S));
    throw new ApiError('rate_limit_exceeded', {
      message: `Too many wrong keys came from this address. Please try again in ${seconds}s.`,
      headers: { 'retry-after': String(seconds) },
    });
  }

  /** Counts a wrong one. */
  remember(req: Request): void {
    const address = req.ip ?? '';
    const { entries } = admit(this.#failures.get(address) ?? [], MAX_FAILURES, 1, this.now());
    this.#failures.delete(address);
    this.#failures.set(address, entries);
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > REMEMBERED && oldest !== undefined) this.#failures.delete(oldest);
  }
}
