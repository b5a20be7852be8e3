import { setTimeout as sleep } from 'node:timers/promises';
import { keepTrace } from '@grok2api/service-kit';

interface Waiting<Item, Result> {
  item: Item;
  resolve: (result: Result) => void;
  reject: (reason: unknown) => void;
  /** Runs something in the trace of who added it. */
  inItsTrace: <T>(run: () => T) => T;
}

/**
 * Does work in batches, one at a time: what comes while one is under way goes into the next. A batch is part of its first
 * item's trace.
 */
export class Batches<Item, Result> {
  #waiting: Waiting<Item, Result>[] = [];
  #running = false;

  /**
   * @param run does a batch and resolves to a result for each item, in their order; when it rejects, all of them do
   * @param gatherMs how long a batch waits for further items; without it, it takes what has arrived together
   */
  constructor(
    private readonly run: (items: readonly Item[]) => Promise<readonly Result[]>,
    private readonly maxSize: number,
    private readonly gatherMs?: number,
  ) {}

  /** Resolves when the batch with this item is done. */
  add(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject, inItsTrace: keepTrace() });
      if (!this.#running) void this.#runAll();
    });
  }

  async #runAll(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) {
      await (this.gatherMs === undefined ? new Promise(setImmediate) : sleep(this.gatherMs));
      const batch = this.#waiting.splice(0, this.maxSize);
      try {
        const [first] = batch;
        const work = () => this.run(batch.map(({ item }) => item));
        const results = await (first ? first.inItsTrace(work) : work());
        for (const [index, { resolve, reject }] of batch.entries()) {
          const result = results[index];
          if (result === undefined) reject(new Error('the batch has no result for it'));
          else resolve(result);
        }
      } catch (err) {
        for (const { reject } of batch) reject(err);
      }
    }
    this.#running = false;
  }
}
