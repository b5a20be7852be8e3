export type { AfterAttempt, CallbackQueue, CallbackSelection, ClaimedCallback } from './callback-queue.js';
export type { Callback, CallbackDetails, CallbackListOptions, Callbacks } from './callbacks.js';
export { type Claim, ClaimLostError, type Claims } from './claims.js';
export { type DatabaseOptions, StoreUnavailableError } from './database.js';
export {
  type Attempt,
  AttemptLostError,
  type AttemptOptions,
  type Idempotency,
  type KeptReply,
  type KeyedRequest,
  type KnownRequest,
} from './idempotency.js';
export type { Claimant, FreshSelection, Queue } from './queue.js';
export { type TaskChange, TRANSITIONS } from './states.js';
export { type StoreMetrics, storeMetrics } from './store-metrics.js';
export { type NewTask, type Task, toTaskEvent } from './task.js';
export { openTaskStore, type TaskStore } from './task-store.js';
export type { DeleteSelection, ListOptions, TaskPage, Tasks } from './tasks.js';
export type { Deadlines, Upkeep } from './upkeep.js';
