import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freeLoopbackPort } from '@grok2api/launcher';
import { TestGateway } from './gateway.js';
import { ROOT } from './root.js';
import { copyDatabase } from './servers/database-templates.js';
import { SimulatorClient } from './simulator-client.js';
import { type LogLine, SystemLog } from './system-log.js';
import { TaskClient } from './task-client.js';
import { tempDir } from './temp-dir.js';
import { TestProcess } from './test-process.js';

export interface SystemOptions {
  videoWorkers?: number;
  /** Settings, over the testkit's own. */
  env?: Record<string, string>;
  /** A directory of another version that is built; this one when not given. Further processes are always this one's. */
  root?: string;
  /** Keeps its data here over several starts; else in a temporary directory that goes with the system. */
  dataDir?: string;
}

const READY_WITHIN_MS = 60_000;
const STOPPED_WITHIN_MS = 40_000;
const POLL_MS = 50;
/** What a service says when it is ready. */
const READY = {
  'token-pool': 'ready',
  chat: 'taking requests',
  image: 'taking requests and tasks',
  'video-worker': 'taking tasks',
  'callback-dispatcher': 'delivering callbacks',
} as const;

/** The whole system, started as `npm start` starts it, on free ports and in a directory of its own. */
export class TestSystem {
  readonly #child: ChildProcess;
  readonly #log = new SystemLog();
  readonly #env: Record<string, string>;
  /** The launcher's own are the first. */
  #lastInstance = 1;
  readonly #replicas: { stop: () => Promise<unknown> }[] = [];
  readonly #removeData: () => Promise<void>;

  private constructor(
    child: ChildProcess,
    readonly baseUrl: string,
    readonly dataDir: string,
    env: Record<string, string>,
    removeData: () => Promise<void>,
  ) {
    this.#child = child;
    this.#env = env;
    this.#removeData = removeData;
    this.#log.read(child.stdout);
    this.#log.read(child.stderr);
  }

  /** Starts the system and waits until it is healthy. */
  static async start(options: SystemOptions = {}): Promise<TestSystem> {
    const directory = options.dataDir === undefined ? await tempDir() : undefined;
    const dataDir = options.dataDir ?? directory?.path ?? '';
    if (directory && options.env?.DATABASE_URL === undefined) await copyDatabase('migrated', directory.path);
    const port = await freeLoopbackPort();
    const root = options.root ?? ROOT;
    const child = spawn(
      process.execPath,
      [
        join(root, 'packages/launcher/dist/main.js'),
        ...(options.videoWorkers === undefined ? [] : ['--video-workers', String(options.videoWorkers)]),
      ],
      {
        cwd: root,
        env: {
          PATH: process.env.PATH,
          HOME: process.env.HOME,
          DATA_DIR: dataDir,
          PORT: String(port),
          SIMULATOR_VIDEO_MS: '2000',
          ...options.env,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
      },
    );
    const removeData = directory?.remove ?? (async () => {});
    const system = new TestSystem(child, `http://127.0.0.1:${port}`, dataDir, options.env ?? {}, removeData);
    await system.#ready();
    return system;
  }

  /** A client of the system's video tasks; with a key where keys are configured. */
  tasks(apiKey?: string): TaskClient {
    return new TaskClient(this.baseUrl, apiKey);
  }

  /** A client of the system's image tasks. */
  imageTasks(apiKey?: string): TaskClient {
    return new TaskClient(this.baseUrl, apiKey, 'image');
  }

  /** The control of the simulator that runs as this system's upstream. */
  get simulator(): SimulatorClient {
    const listening = this.#log.lines({ service: 'simulator', msg: 'listening' }).at(-1);
    if (typeof listening?.url !== 'string') throw new Error('no simulator runs');
    return new SimulatorClient(listening.url);
  }

  /**
   * Starts one more gateway on the same servers and files; it stops with the system. The servers have to be given by
   * `NATS_URL` and `DATABASE_URL`, for only the launcher knows the addresses of those that it starts itself.
   * @param settings over the system's own
   */
  async startGateway(settings: Record<string, string> = {}): Promise<TestGateway> {
    const env = { ...this.#replicaEnv(), ...settings };
    const gateway = await TestGateway.start(this.#nextInstance('api-gateway'), env, this.#log);
    this.#replicas.push(gateway);
    return gateway;
  }

  /**
   * Starts one more process of a service in the same way. Nobody starts it again when it ends.
   * @param settings over the system's own
   * @param place what it is called (numbered when not given), and a command that runs it in its own place
   */
  async startReplica(
    service: keyof typeof READY,
    settings: Record<string, string> = {},
    { name = this.#nextInstance(service), within = [] }: { name?: string; within?: readonly string[] } = {},
  ): Promise<TestProcess> {
    const replica = await TestProcess.start({
      service,
      instance: name,
      env: { ...this.#replicaEnv(), ...settings },
      readyMessage: READY[service],
      log: this.#log,
      within,
    });
    this.#replicas.push(replica);
    return replica;
  }

  /** Starts one more chat service in the same way. */
  startChat(): Promise<TestProcess> {
    return this.startReplica('chat');
  }

  /** Lines of the log so far that have these fields. */
  logLines(fields: LogLine = {}): LogLine[] {
    return this.#log.lines(fields);
  }

  /** Waits for a line of the log with these fields. */
  logLine(fields: LogLine, withinMs = 20_000): Promise<LogLine> {
    return this.#log.line(fields, withinMs);
  }

  /** Everything that was printed besides the log's lines. */
  get output(): string {
    return this.#log.output;
  }

  /** Whether a process of that name is registered as running. */
  runs(name: string): boolean {
    return existsSync(this.#pidFile(name));
  }

  /** The pid of a process of the system, by the name of its pid file. */
  pid(name: string): number {
    return Number(readFileSync(this.#pidFile(name), 'utf8').trim());
  }

  /** Sends a signal to a process of the system. */
  kill(name: string, signal: NodeJS.Signals = 'SIGKILL'): void {
    process.kill(this.pid(name), signal);
  }

  /** Stops the system as Ctrl-C does and waits for its end. Its data goes too, unless a directory was given. */
  async stop(): Promise<{ code: number | null }> {
    await Promise.all(this.#replicas.map((replica) => replica.stop()));
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGINT');
      const late = setTimeout(() => this.#child.kill('SIGKILL'), STOPPED_WITHIN_MS);
      await once(this.#child, 'exit');
      clearTimeout(late);
    }
    await this.#removeData();
    return { code: this.#child.exitCode };
  }

  #nextInstance(service: string): string {
    return `${service}-${++this.#lastInstance}`;
  }

  #replicaEnv(): NodeJS.ProcessEnv {
    if (!this.#env.NATS_URL || !this.#env.DATABASE_URL) throw new Error('the system has no servers to share');
    return { ...this.#env, MEDIA_DIR: join(this.dataDir, 'media') };
  }

  async #ready(): Promise<void> {
    const deadline = Date.now() + READY_WITHIN_MS;
    while (!this.output.includes('is ready at')) {
      if (this.#child.exitCode !== null || Date.now() > deadline) {
        await this.stop();
        const log = this.#log
          .lines()
          .slice(-30)
          .map((line) => JSON.stringify(line));
        throw new Error(`the system did not start:\n${this.output}\n${log.join('\n')}`);
      }
      await sleep(POLL_MS);
    }
  }

  #pidFile(name: string): string {
    return join(this.dataDir, 'run', `${name}.pid`);
  }
}
