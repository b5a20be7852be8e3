import { setTimeout as sleep } from 'node:timers/promises';
import { keepTrace } from './tracing/spans.js';

interface Waiting<Item, Result> {
  item: Item;
  resolve: (result: Result) => void;
  reject: (reason: unknown) => void;
  /** Runs something in the trace of who added it. */
  inItsTrace: <T>(run: () => T) => T;
}

/** How work is put together. */
export interface BatchOptions {
  /** Items of one batch at most. */
  maxSize: number;
  /** How long a batch waits for further items, in milliseconds; without it, it takes what has arrived together. */
  gatherMs?: number;
  /** Batches under way at a time; 1 unless said otherwise. */
  parallel?: number;
}

/**
 * Does work in batches: what comes while as many are under way as may be goes into the next. A batch is part of its
 * first item's trace.
 */
export class Batches<Item, Result> {
  readonly #maxSize: number;
  readonly #gatherMs: number | undefined;
  readonly #parallel: number;
  #waiting: Waiting<Item, Result>[] = [];
  #running = 0;

  /** @param run does a batch and resolves to a result for each item, in their order; when it rejects, all of them do */
  constructor(
    private readonly run: (items: readonly Item[]) => Promise<readonly Result[]>,
    { maxSize, gatherMs, parallel = 1 }: BatchOptions,
  ) {
    this.#maxSize = maxSize;
    this.#gatherMs = gatherMs;
    this.#parallel = parallel;
  }

  /** Resolves when the batch with this item is done. */
  add(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject, inItsTrace: keepTrace() });
      if (this.#running < this.#parallel) void this.#runAll();
    });
  }

  async #runAll(): Promise<void> {
    this.#running++;
    while (this.#waiting.length > 0) {
      await (this.#gatherMs === undefined ? new Promise(setImmediate) : sleep(this.#gatherMs));
      const batch = this.#waiting.splice(0, this.#maxSize);
      // Another batch may have taken all of them.
      if (batch.length === 0) break;
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
    this.#running--;
  }
}
