export { ModelSync, type ModelSyncOptions } from './model-sync.js';
