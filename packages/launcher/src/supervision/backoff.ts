/** How long to wait before a process is started again, in milliseconds. */
export interface BackoffOptions {
  firstMs: number;
  maxMs: number;
  /** After a run of at least this long the waits begin anew. */
  resetAfterMs: number;
}

/** The launcher's own choice. */
export const RESTART_BACKOFF: BackoffOptions = { firstMs: 200, maxMs: 10_000, resetAfterMs: 30_000 };

/** Waits that double from run to run, and begin anew after a long run. */
export class Backoff {
  readonly #options: BackoffOptions;
  #nextMs: number;

  constructor(options: BackoffOptions = RESTART_BACKOFF) {
    this.#options = options;
    this.#nextMs = options.firstMs;
  }

  /** The wait after a run that lasted `ranMs`. */
  next(ranMs: number): number {
    if (ranMs >= this.#options.resetAfterMs) this.#nextMs = this.#options.firstMs;
    const delay = this.#nextMs;
    this.#nextMs = Math.min(delay * 2, this.#options.maxMs);
    return delay;
  }
}
