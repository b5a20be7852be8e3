/** The time for the first byte of an answer is over. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}

/** A time by which something has to have begun. */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;

  constructor(ms: number) {
    this.#timer = setTimeout(() => this.#controller.abort(new DeadlineError(`not begun within ${ms} ms`)), ms);
  }

  /** Aborted with a DeadlineError when the time is over. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** It has begun: the time counts no more. */
  met(): void {
    clearTimeout(this.#timer);
  }
}
