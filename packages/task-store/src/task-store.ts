import { Metrics, observeCalls } from '@grok2api/service-kit';
import { CallbackQueue } from './callback-queue.js';
import { Callbacks } from './callbacks.js';
import { ClaimLostError, Claims } from './claims.js';
import { type DatabaseOptions, openDatabase, StoreUnavailableError } from './database.js';
import { Ends } from './ends.js';
import { AttemptLostError, Idempotency } from './idempotency.js';
import { Queue } from './queue.js';
import { type StoreMetrics, storeMetrics } from './store-metrics.js';
import { Tasks } from './tasks.js';
import { Upkeep } from './upkeep.js';

/** The task database, by who uses it: the gateway, the workers, the reconciler, the dispatcher of callbacks, administrators. */
export interface TaskStore {
  tasks: Tasks;
  idempotency: Idempotency;
  queue: Queue;
  claims: Claims;
  upkeep: Upkeep;
  callbackQueue: CallbackQueue;
  callbacks: Callbacks;
  close(): Promise<void>;
}

export interface TaskStoreOptions extends DatabaseOptions {
  /** Where its tasks and statements are counted. */
  metrics?: StoreMetrics;
}

/** Opens the task database; connections are made when they are needed. */
export function openTaskStore({
  metrics = storeMetrics(new Metrics('tasks')),
  ...options
}: TaskStoreOptions): TaskStore {
  const database = openDatabase(options);
  const ends = new Ends(database, metrics);
  const observed = <Part extends object>(name: string, part: Part): Part =>
    observeCalls(part, { name, seconds: metrics.statements, outcomeOf });
  return {
    tasks: observed('tasks', new Tasks(database, ends, metrics.created)),
    idempotency: observed('idempotency', new Idempotency(database)),
    queue: observed('queue', new Queue(database)),
    claims: observed('claims', new Claims(database, ends)),
    upkeep: observed('upkeep', new Upkeep(database, ends)),
    callbackQueue: observed('callback_queue', new CallbackQueue(database)),
    callbacks: observed('callbacks', new Callbacks(database)),
    close: () => database.$disconnect(),
  };
}

function outcomeOf(err: unknown): string {
  if (err instanceof StoreUnavailableError) return 'unavailable';
  // Answers, not failures.
  return err instanceof ClaimLostError || err instanceof AttemptLostError ? 'lost' : 'error';
}
