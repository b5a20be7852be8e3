export { type DeployedNats, startDeployedNats } from './deployed-nats.js';
export type { TestGateway } from './gateway.js';
export { probeVideo, type VideoFacts } from './probe-video.js';
export { startNats, startPostgres, type TestNats, type TestServer } from './servers.js';
export type { SimulatorClient, SimulatorJob, SimulatorRequest } from './simulator-client.js';
export { type SystemOptions, TestSystem } from './system.js';
export type { LogLine } from './system-log.js';
export { type StreamEvent, type TaskBody, TaskClient } from './task-client.js';
export { tempDir } from './temp-dir.js';
