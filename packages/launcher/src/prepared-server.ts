import type { Logger } from '@grok2api/service-kit';
import type { ProcessRegister } from './supervision/running-process.js';
import type { SupervisedProcess } from './supervision/supervised-process.js';

/** What a server of this package is started with. */
export interface ServerOptions {
  /** The server's data, password and configuration are kept in here. */
  dataDir: string;
  /** Fetched programs are kept in here. */
  cacheDir: string;
  env: NodeJS.ProcessEnv;
  register: ProcessRegister;
  log: Logger;
  /** Ends the preparations; a process that was made has to be stopped all the same. */
  signal: AbortSignal;
}

/** A server to start, and the address that it will have. */
export interface PreparedServer {
  /** With user and password. The same over restarts of the process. */
  url: string;
  /** The server as a process, not yet started; each has the same address and data. */
  newProcess: () => SupervisedProcess;
}
