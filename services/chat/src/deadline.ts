/** The time for the first byte of an answer is over. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}

/** A time by which something has to have begun for a caller. */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;

  /** @param caller whose leaving ends it too; it must not outlive what has to begin, to which it holds on */
  constructor(ms: number, caller: AbortSignal) {
    this.#timer = setTimeout(() => this.#controller.abort(new DeadlineError(`not begun within ${ms} ms`)), ms);
    const leave = () => this.#controller.abort(caller.reason);
    // AbortSignal.any would cost several times as much.
    if (caller.aborted) leave();
    else caller.addEventListener('abort', leave, { once: true });
  }

  /** Aborted with a DeadlineError when the time is over, with the caller's reason when that leaves. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** It has begun: the time counts no more. */
  met(): void {
    clearTimeout(this.#timer);
  }
}
