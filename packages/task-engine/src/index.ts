export { ClaimedTask, TaskLeftError } from './claimed-task.js';
export { Reconciler, type ReconcilerOptions } from './reconciler.js';
export { type NoGrant, Runner, type RunnerOptions, type SlotGrant } from './runner.js';
