import { CallbackQueue } from './callback-queue.js';
import { Callbacks } from './callbacks.js';
import { Claims } from './claims.js';
import { type DatabaseOptions, openDatabase } from './database.js';
import { Idempotency } from './idempotency.js';
import { Queue } from './queue.js';
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

/** Opens the task database; connections are made when they are needed. */
export function openTaskStore(options: DatabaseOptions): TaskStore {
  const database = openDatabase(options);
  return {
    tasks: new Tasks(database),
    idempotency: new Idempotency(database),
    queue: new Queue(database),
    claims: new Claims(database),
    upkeep: new Upkeep(database),
    callbackQueue: new CallbackQueue(database),
    callbacks: new Callbacks(database),
    close: () => database.$disconnect(),
  };
}
