export { probeVideo, type VideoFacts } from './probe-video.js';
export { startNats, startPostgres, type TestServer } from './servers.js';
export type { SimulatorClient, SimulatorJob, SimulatorRequest } from './simulator-client.js';
export { type LogLine, type SystemOptions, TestSystem } from './system.js';
export type { StreamEvent, TaskBody, TaskClient } from './task-client.js';
export { tempDir } from './temp-dir.js';
