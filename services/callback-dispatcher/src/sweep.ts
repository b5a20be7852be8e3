import type { Logger } from '@grok2api/service-kit';
import { type CallbackQueue, StoreUnavailableError } from '@grok2api/task-store';

const SWEEP_EVERY_MS = 600_000;

export interface SweepOptions {
  queue: CallbackQueue;
  /** How long a callback is kept once it is settled, in milliseconds. */
  retentionMs: number;
  log: Logger;
}

/** Removes what has been kept long enough, at once and every ten minutes. Returns what ends that. */
export function startSweep({ queue, retentionMs, log }: SweepOptions): () => Promise<void> {
  let stopped = false;
  const sweep = async () => {
    let removed = 0;
    try {
      for (let batch = -1; batch !== 0 && !stopped; removed += batch) batch = await queue.removeOld(retentionMs);
      if (removed > 0) log.info({ removed }, 'removed old callbacks');
    } catch (err) {
      if (err instanceof StoreUnavailableError) log.warn({ err }, 'the task database is away');
      else log.error({ err }, 'old callbacks could not be removed');
    }
  };
  let sweeping = sweep();
  const timer = setInterval(() => {
    sweeping = sweeping.then(sweep);
  }, SWEEP_EVERY_MS);
  return async () => {
    stopped = true;
    clearInterval(timer);
    await sweeping;
  };
}
