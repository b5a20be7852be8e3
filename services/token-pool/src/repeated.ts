import type { Logger } from '@grok2api/service-kit';

interface RepeatedOptions {
  /** For the log. */
  name: string;
  /** Does the work once and resolves to the pause after it, in ms. What it throws is logged. */
  run: (signal: AbortSignal) => Promise<number>;
  /** Pause after a run that threw, in ms. */
  pauseAfterErrorMs: number;
  log: Logger;
}

/** Work that is done again and again, one run at a time, with pauses that can be cut short. */
export class Repeated {
  readonly #options: RepeatedOptions;
  readonly #stopping = new AbortController();
  #endPause = () => {};
  #wanted = false;
  #running: Promise<void> = Promise.resolve();

  constructor(options: RepeatedOptions) {
    this.#options = options;
  }

  /** Begins with the first run at once. */
  start(): void {
    this.#running = this.#repeat();
  }

  /** Runs as soon as the present run, if any, has ended. */
  wake(): void {
    this.#wanted = true;
    this.#endPause();
  }

  /** Aborts the present run and waits for its end. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#endPause();
    await this.#running;
  }

  async #repeat(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      this.#wanted = false;
      const pauseMs = await this.#once(signal);
      if (!this.#wanted && !signal.aborted) await this.#pause(pauseMs);
    }
  }

  async #once(signal: AbortSignal): Promise<number> {
    const { name, run, pauseAfterErrorMs, log } = this.#options;
    try {
      return await run(signal);
    } catch (err) {
      if (!signal.aborted) log.error({ err }, `${name} failed`);
      return pauseAfterErrorMs;
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms).unref();
      this.#endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
