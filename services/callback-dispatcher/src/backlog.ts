import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@grok2api/service-kit';
import { type CallbackQueue, StoreUnavailableError, type Upkeep } from '@grok2api/task-store';
import type { CallbackMetrics } from './metrics.js';

export interface BacklogOptions {
  queue: CallbackQueue;
  upkeep: Upkeep;
  /** Name of this process, unique among the dispatchers. */
  holder: string;
  metrics: Pick<CallbackMetrics, 'backlog' | 'oldest'>;
  log: Logger;
}

const COUNT_EVERY_MS = 5_000;
const LEASE = 'count-callbacks';
const LEASE_MS = 15_000;
const COUNT_CAP = 10_000;

/** Counts the callbacks that wait and shows them, in one dispatcher for all: a lease says in which. Returns what ends that. */
export function startBacklog({ queue, upkeep, holder, metrics, log }: BacklogOptions): () => Promise<void> {
  const stopping = new AbortController();

  const hide = () => {
    metrics.backlog.remove({ state: 'due' });
    metrics.backlog.remove({ state: 'later' });
    metrics.oldest.remove();
  };
  const round = async () => {
    if (!(await upkeep.holdLease(LEASE, holder, LEASE_MS))) return hide();
    const { due, later, oldestDueSeconds } = await queue.backlog(COUNT_CAP);
    metrics.backlog.set({ state: 'due' }, due);
    metrics.backlog.set({ state: 'later' }, later);
    metrics.oldest.set(oldestDueSeconds);
  };
  const run = async () => {
    hide();
    while (!stopping.signal.aborted) {
      await round().catch((err: unknown) => {
        hide();
        if (err instanceof StoreUnavailableError) log.warn({ err }, 'the task database is away');
        else log.error({ err }, 'the waiting callbacks could not be counted');
      });
      await sleep(COUNT_EVERY_MS, undefined, { signal: stopping.signal }).catch(() => {
        // Stopping: the wait is over.
      });
    }
  };
  const running = run();
  return async () => {
    stopping.abort();
    await running;
    hide();
    await upkeep.dropLease(LEASE, holder);
  };
}
