export { ClaimedTask, TaskLeftError } from './claimed-task.js';
export { type Create, createOnce, endOfCreate } from './create-once.js';
export { type EngineMetrics, engineMetrics } from './engine-metrics.js';
export { createMediaSweep, type MediaSweepOptions } from './media-sweep.js';
export { Reconciler, type ReconcilerOptions } from './reconciler.js';
export { type NoGrant, Runner, type RunnerOptions, type SlotGrant } from './runner.js';
export { workerSettings } from './settings.js';
