import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@grok2api/service-kit';
import { LaunchError } from '../launch-error.js';
import { readLines } from '../logs/read-lines.js';
import { Backoff } from './backoff.js';
import { processIdentity } from './process-identity.js';
import type { ProcessRegister, RunningProcess } from './running-process.js';

/** A process to keep running. */
export interface ProcessSpec {
  /** Unique in the system; the name of its pid file. */
  name: string;
  file: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  cwd: string;
  uid?: number;
  gid?: number;
  /** Opens an IPC channel, whose end tells the process that its parent is gone. */
  channel: boolean;
  stopSignal: 'SIGTERM' | 'SIGINT';
  /** After this long a process that was asked to stop is killed. */
  stopTimeoutMs: number;
  /** It is ready when it prints such a line; without, as soon as it runs. */
  readyLine?: RegExp;
  /** Awaited before each start. */
  beforeStart?: () => Promise<void>;
  /** Called after each start. */
  onStarted?: () => void;
  /** Called after each end that nobody asked for. */
  onExit?: (end: ProcessEnd) => void;
  onLine: (line: string, stream: 'stdout' | 'stderr') => void;
}

/** How a process ended: by exit code or by signal. */
export interface ProcessEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** What a supervised process is handed. */
export interface SupervisionParts {
  register: ProcessRegister;
  log: Logger;
  now?: () => number;
  backoff?: Backoff;
}

const KEPT_LINES = 15;
/** How long the last lines of a process that has ended may take. Somebody else may hold its output open. */
const LAST_LINES_MS = 1_000;

/**
 * Keeps one process running: starts it, starts it again with backoff whenever it dies, until told to stop.
 * It gets a process group of its own, so that a terminal's Ctrl-C does not reach it.
 */
export class SupervisedProcess {
  readonly #spec: ProcessSpec;
  readonly #register: ProcessRegister;
  readonly #log: Logger;
  readonly #now: () => number;
  readonly #backoff: Backoff;
  readonly #stopping = new AbortController();
  readonly #lastLines: string[] = [];
  #child: ChildProcess | undefined;
  #loop: Promise<void> = Promise.resolve();

  constructor(spec: ProcessSpec, parts: SupervisionParts) {
    this.#spec = spec;
    this.#register = parts.register;
    this.#log = parts.log;
    this.#now = parts.now ?? Date.now;
    this.#backoff = parts.backoff ?? new Backoff();
  }

  get name(): string {
    return this.#spec.name;
  }

  /** The pid of the present run; undefined between two runs. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /**
   * Starts it, once. Resolves when it is ready for the first time.
   * @throws LaunchError with its last lines when it ends before that, and the signal's reason when aborted;
   *   after an abort it still has to be stopped
   */
  start(signal?: AbortSignal): Promise<void> {
    let abort = () => {};
    const started = new Promise<void>((resolve, reject) => {
      abort = () => reject(signal?.reason);
      signal?.addEventListener('abort', abort, { once: true });
      if (signal?.aborted) return abort();
      this.#loop = this.#keepRunning(resolve, reject);
    });
    // One process after the other is started under the same signal: none listens to it for as long as it runs.
    return started.finally(() => signal?.removeEventListener('abort', abort));
  }

  /** Sends a message over the channel; dropped while the process is not running. */
  send(message: object): void {
    // A channel that has just closed is the end of the process, which is noticed elsewhere.
    if (this.#child?.connected) this.#child.send(message, () => {});
  }

  /** Ends it for good: asks, waits, then kills. Resolves when it is gone. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#child?.kill(this.#spec.stopSignal);
    const patience = new AbortController();
    const late = sleep(this.#spec.stopTimeoutMs, 'late' as const, { signal: patience.signal }).catch(() => undefined);
    if ((await Promise.race([this.#loop, late])) === 'late') {
      this.#log.warn({ timeoutMs: this.#spec.stopTimeoutMs }, 'did not stop in time, killing it');
      this.kill();
      await this.#loop;
    }
    patience.abort();
  }

  /** Ends it for good and at once, with everything that it started. */
  kill(): void {
    this.#stopping.abort();
    if (this.#child?.pid !== undefined) killGroup(this.#child.pid);
  }

  async #keepRunning(ready: () => void, failed: (reason: unknown) => void): Promise<void> {
    let wasReady = false;
    const onReady = () => {
      wasReady = true;
      ready();
    };
    while (!this.#stopping.signal.aborted) {
      const startedAt = this.#now();
      const outcome = await this.#runOnce(onReady).then(
        (end) => ({ end }),
        (err: unknown) => ({ err }),
      );
      if (this.#stopping.signal.aborted) break;
      if (!wasReady) return failed(this.#failure(outcome));
      const delayMs = this.#backoff.next(this.#now() - startedAt);
      this.#log.warn({ ...outcome, delayMs }, 'ended, will be started again');
      if ('end' in outcome) this.#spec.onExit?.(outcome.end);
      await sleep(delayMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
    }
    failed(new LaunchError(`${this.#spec.name} was stopped before it was ready.`));
  }

  async #runOnce(onReady: () => void): Promise<ProcessEnd> {
    await this.#spec.beforeStart?.();
    this.#stopping.signal.throwIfAborted();
    const { file, args, env, cwd, uid, gid, channel, readyLine } = this.#spec;
    const child = spawn(file, [...args], {
      env,
      cwd,
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
      stdio: ['ignore', 'pipe', 'pipe', ...(channel ? (['ipc'] as const) : [])],
      detached: true,
    });
    this.#child = child;
    const ended = new Promise<ProcessEnd>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    const silent = new Promise<void>((resolve) => child.once('close', () => resolve()));
    const running = this.#registered(child.pid);
    const onLine = (stream: 'stdout' | 'stderr') => (line: string) => {
      this.#keep(line);
      this.#spec.onLine(line, stream);
      if (readyLine?.test(line)) onReady();
    };
    if (child.stdout) readLines(child.stdout, onLine('stdout'));
    if (child.stderr) readLines(child.stderr, onLine('stderr'));
    if (running) {
      this.#spec.onStarted?.();
      if (!readyLine) onReady();
    }
    try {
      return await ended;
    } finally {
      this.#child = undefined;
      if (running) {
        // What it started must not outlive it.
        killGroup(running.pid);
        this.#register.ended(running);
        // Its end is told before all that it said has come.
        await Promise.race([silent, sleep(LAST_LINES_MS, undefined, { ref: false })]);
      }
    }
  }

  #registered(pid: number | undefined): RunningProcess | undefined {
    const identity = pid === undefined ? undefined : processIdentity(pid);
    if (pid === undefined || identity === undefined) return undefined;
    const { name, stopSignal, channel } = this.#spec;
    const entry: RunningProcess = { name, pid, identity, stopSignal, leavesByItself: channel };
    this.#register.started(entry);
    return entry;
  }

  #keep(line: string): void {
    this.#lastLines.push(line);
    if (this.#lastLines.length > KEPT_LINES) this.#lastLines.shift();
  }

  #failure(outcome: { end: ProcessEnd } | { err: unknown }): LaunchError {
    const { name, file } = this.#spec;
    if ('err' in outcome) {
      const { err } = outcome;
      return new LaunchError(`${name} cannot be started (${file}).`, { cause: err, details: [String(err)] });
    }
    const { end } = outcome;
    return new LaunchError(`${name} ended while it was starting (${end.signal ?? `exit code ${end.code}`}).`, {
      details: [...this.#lastLines],
    });
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing of the group is left.
  }
}
