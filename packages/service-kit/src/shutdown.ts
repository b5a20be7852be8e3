import type { Logger } from './logger.js';

interface Step {
  name: string;
  run: () => Promise<void> | void;
}

/** What a process has to put away when it stops, in the reverse order of its start. */
export class Shutdown {
  readonly #steps: Step[] = [];
  readonly #controller = new AbortController();
  #done: Promise<void> | undefined;

  /** Aborted as soon as the stop begins. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Adds a step; steps added last run first, each after the one before has ended. */
  add(name: string, run: Step['run']): void {
    this.#steps.push({ name, run });
  }

  /** Runs every step once, also when one fails (that is logged). Later calls wait for the first. */
  run(log: Logger): Promise<void> {
    this.#done ??= this.#runAll(log);
    return this.#done;
  }

  async #runAll(log: Logger): Promise<void> {
    this.#controller.abort();
    for (const step of this.#steps.reverse()) {
      try {
        await step.run();
      } catch (err) {
        log.error({ err, step: step.name }, 'a step of the shutdown failed');
      }
    }
  }
}
