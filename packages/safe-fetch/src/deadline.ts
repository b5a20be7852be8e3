import { FetchTimeoutError } from './errors.js';

/** One abort signal for a whole fetch: it aborts when the time is over or when the caller's signal does. */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #caller: AbortSignal | undefined;
  readonly #onCallerAbort = () => this.#controller.abort(this.#caller?.reason);

  constructor(timeoutMs: number, caller: AbortSignal | undefined) {
    this.#caller = caller;
    this.#timer = setTimeout(() => {
      this.#controller.abort(new FetchTimeoutError(`not complete after ${timeoutMs} ms`));
    }, timeoutMs);
    caller?.addEventListener('abort', this.#onCallerAbort);
    if (caller?.aborted) this.#onCallerAbort();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The outcome of what was begun under the signal, or the signal's reason as soon as it aborts. */
  race<Value>(begun: Promise<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      this.signal.addEventListener('abort', () => reject(this.signal.reason), { once: true });
      begun.then(resolve, reject);
    });
  }

  /** Ends the waiting; the signal aborts no more. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#caller?.removeEventListener('abort', this.#onCallerAbort);
  }
}
