export { LaunchError } from './launch-error.js';
export { jsonOutput, type LogOutput, prettyOutput } from './logs/log-output.js';
export { prepareNats } from './nats-server/prepare-nats.js';
export { freeLoopbackPort } from './ports.js';
export { preparePostgres } from './postgres/prepare-postgres.js';
export type { PreparedServer, ServerOptions } from './prepared-server.js';
export { RunDirectory } from './supervision/run-directory.js';
export type { ProcessRegister, RunningProcess } from './supervision/running-process.js';
export { type ProcessSpec, SupervisedProcess, type SupervisionParts } from './supervision/supervised-process.js';
