import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './root.js';
import { type LogLine, SystemLog } from './system-log.js';

/** Longer than any drain of a service that answers. */
const STOPPED_WITHIN_MS = 40_000;
const READY_WITHIN_MS = 60_000;

/** What a process of a service is started with. */
export interface TestProcessOptions {
  service: string;
  /** Its name in the log, unique among the processes of its kind. */
  instance: string;
  env: NodeJS.ProcessEnv;
  /** Message of the log line that says that it is ready. */
  readyMessage: string;
  /** Where its log goes; one of its own unless it is given. */
  log?: SystemLog;
  /** A command, with its arguments, that runs the process in its own place. */
  within?: readonly string[];
}

/** A process of one service beside those that the launcher keeps. Nobody starts it again when it ends. */
export class TestProcess {
  readonly #child: ChildProcess;

  private constructor(
    child: ChildProcess,
    /** Its name in the log. */
    readonly instance: string,
    /** The line that said that it was ready. */
    readonly ready: LogLine,
  ) {
    this.#child = child;
  }

  /** Starts it and waits until it is ready. */
  static async start({ service, instance, env, readyMessage, log = new SystemLog(), within = [] }: TestProcessOptions) {
    const [file = process.execPath, ...args] = [
      ...within,
      process.execPath,
      join(ROOT, 'services', service, 'dist/main.js'),
    ];
    const child = spawn(file, args, {
      cwd: ROOT,
      env: { PATH: process.env.PATH, ...env, INSTANCE: instance },
      // The channel's end tells it that the tests are gone.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    log.read(child.stdout);
    log.read(child.stderr);
    try {
      const ready = await log.line({ instance, msg: readyMessage }, READY_WITHIN_MS);
      return new TestProcess(child, instance, ready);
    } catch (err) {
      child.kill('SIGKILL');
      throw err;
    }
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(`${this.instance} could not be started`);
    return this.#child.pid;
  }

  /** Whether it stands still, by SIGSTOP (Linux). */
  get stopped(): boolean {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return false;
    // proc(5): the state follows the name in parentheses.
    return /\) T /.test(readFileSync(`/proc/${this.pid}/stat`, 'utf8'));
  }

  /** The signal that ended it; null when it runs, or has ended by itself. */
  get endedBy(): NodeJS.Signals | null {
    return this.#child.signalCode;
  }

  /** Resolves when it has ended. */
  async ended(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
  }

  /** Sends it a signal. */
  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    this.#child.kill(signal);
  }

  /** Asks it to stop and waits for its end; does nothing when it has ended. Resolves to its exit code. */
  async stop(): Promise<{ code: number | null }> {
    this.#child.kill('SIGTERM');
    const late = setTimeout(() => this.#child.kill('SIGKILL'), STOPPED_WITHIN_MS);
    await this.ended();
    clearTimeout(late);
    return { code: this.#child.exitCode };
  }
}
