import { setTimeout as sleep } from 'node:timers/promises';
import type { TestSystem } from '@grok2api/testkit';
import type { Random } from './random.js';

/** A while between two kills of one process, in milliseconds. */
export interface Interval {
  least: number;
  most: number;
}

/** Kills processes of a system with -9, each at random again and again; the launcher starts them again. */
export class Killer {
  readonly #stopping = new AbortController();
  readonly #loops: Promise<void>[];
  #kills = 0;

  constructor(
    private readonly system: TestSystem,
    names: readonly string[],
    private readonly random: Random,
    private readonly interval: Interval,
  ) {
    this.#loops = names.map((name) => this.#killAgainAndAgain(name));
  }

  /** Processes that were killed so far. */
  get kills(): number {
    return this.#kills;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#loops);
  }

  async #killAgainAndAgain(name: string): Promise<void> {
    const { least, most } = this.interval;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await sleep(this.random.between(least, most), undefined, { signal }).catch(() => {
        // Stopping: the wait is over.
      });
      // Between two runs there is nothing to kill.
      if (signal.aborted || !this.system.runs(name)) continue;
      this.system.kill(name);
      this.#kills++;
    }
  }
}
