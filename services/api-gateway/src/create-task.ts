import { setTimeout as sleep } from 'node:timers/promises';
import type { Bus } from '@grok2api/bus';
import { ApiError } from '@grok2api/contracts';
import { activeTraceparent } from '@grok2api/service-kit';
import { type NewTask, StoreUnavailableError, type Tasks } from '@grok2api/task-store';
import type { Answer } from './answer.js';
import type { KeyedWork } from './idempotency/keyed-work.js';

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 1_000;
/** How long a client waits for a database that is away. */
const PATIENCE_MS = 10_000;
const RETRY_AFTER_S = '5';

export interface CreateTaskDependencies {
  tasks: Tasks;
  bus: Bus;
  now: () => number;
}

/** The request that a task is made for, where it has an Idempotency-Key. */
export interface KeyedTask {
  work: KeyedWork | undefined;
  /** The whole reply, where the task's acceptance is all that is replied. */
  answer: Answer | undefined;
}

/**
 * Accepts a task: writes its row, then wakes a worker. The row alone decides; a wake-up that is lost is made up
 * for. While the database is away the same row is tried again.
 * @throws ApiError `service_unavailable`; without an Idempotency-Key not to be retried blindly: the row may have been
 * written. AttemptLostError
 */
export async function createTask(
  wanted: NewTask,
  { work, answer }: KeyedTask,
  { tasks, bus, now }: CreateTaskDependencies,
): Promise<void> {
  const task = { ...wanted, traceparent: activeTraceparent() };
  const deadline = now() + PATIENCE_MS;
  for (let wait = FIRST_RETRY_MS; ; wait = Math.min(wait * 2, LONGEST_RETRY_MS)) {
    try {
      if (work) await work.createTask(tasks, task, answer);
      else await tasks.create(task);
      break;
    } catch (err) {
      if (!(err instanceof StoreUnavailableError)) throw err;
      if (now() + wait > deadline) {
        throw new ApiError('service_unavailable', {
          headers: { 'retry-after': RETRY_AFTER_S, ...(work ? {} : { 'x-should-retry': 'false' }) },
          cause: err,
        });
      }
      await sleep(wait);
    }
  }
  bus.wakeUps.send(task.kind);
}
