import { fileURLToPath } from 'node:url';
import type { Logger } from '@grok2api/service-kit';
import type { ProcessRegister, RunningProcess } from './running-process.js';
import { SupervisedProcess } from './supervised-process.js';

// The compiled program, also when this file runs uncompiled.
const MAIN = new URL('../../dist/guardian-main.js', import.meta.url);

/**
 * Register of the processes that run, which also tells a small process of its own. That one outlives a launcher
 * that is killed, and then ends what the launcher cannot end any more.
 */
export class Guardian implements ProcessRegister {
  readonly #register: ProcessRegister;
  readonly #process: SupervisedProcess;
  readonly #watched = new Map<number, RunningProcess>();

  /** `register` is where every process is noted, the guardian's own included. */
  constructor(options: { env: NodeJS.ProcessEnv; register: ProcessRegister; log: Logger }) {
    this.#register = options.register;
    this.#process = new SupervisedProcess(
      {
        name: 'guardian',
        file: process.execPath,
        args: [fileURLToPath(MAIN)],
        env: options.env,
        cwd: '/',
        channel: true,
        stopSignal: 'SIGTERM',
        stopTimeoutMs: 2000,
        onStarted: () => this.#tell(),
        onLine: (line) => options.log.warn(line),
      },
      {
        log: options.log,
        register: {
          // It stays when the launcher is gone, until its work is done.
          started: (entry) => options.register.started({ ...entry, leavesByItself: false }),
          ended: (entry) => options.register.ended(entry),
        },
      },
    );
  }

  /** Starts the process; before that, processes are only noted. */
  start(signal?: AbortSignal): Promise<void> {
    return this.#process.start(signal);
  }

  /** Ends the process without harm to those that it watches. */
  stop(): Promise<void> {
    return this.#process.stop();
  }

  /** Ends the process at once. */
  kill(): void {
    this.#process.kill();
  }

  started(entry: RunningProcess): void {
    this.#register.started(entry);
    this.#watched.set(entry.pid, entry);
    this.#tell();
  }

  ended(entry: RunningProcess): void {
    this.#register.ended(entry);
    this.#watched.delete(entry.pid);
    this.#tell();
  }

  #tell(): void {
    this.#process.send([...this.#watched.values()]);
  }
}
