/** Runs pieces of work one after the other, in the order in which they were asked for. */
export class OneAtATime {
  readonly #waiting: Array<() => void> = [];
  #busy = false;

  /**
   * Runs `work` when everything asked for before has ended, whether well or not. When `signal` aborts before its turn
   * it is not run at all; once begun it is not disturbed.
   * @throws what `work` throws; the reason of `signal`
   */
  async run<Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
    signal.throwIfAborted();
    if (this.#busy) await this.#turn(signal);
    this.#busy = true;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      // It stays busy for the next one: nobody may come in between before that one has begun.
      if (next) next();
      else this.#busy = false;
    }
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const begin = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(begin), 1);
        reject(signal.reason);
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.push(begin);
    });
  }
}
