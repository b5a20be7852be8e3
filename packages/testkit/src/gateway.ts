import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { freeLoopbackPort } from '@grok2api/launcher';
import { ROOT } from './root.js';
import type { SystemLog } from './system-log.js';
import { TaskClient } from './task-client.js';

const STOPPED_WITHIN_MS = 20_000;
const LISTENS_WITHIN_MS = 30_000;

/** A further gateway of a system, beside the one that the launcher keeps. Nobody starts it again when it ends. */
export class TestGateway {
  readonly #child: ChildProcess;

  private constructor(
    child: ChildProcess,
    readonly baseUrl: string,
    /** Its name in the log. */
    readonly instance: string,
  ) {
    this.#child = child;
  }

  /**
   * Starts it and waits until it listens.
   * @param env the servers and the media directory of the system, and any other setting
   */
  static async start(instance: string, env: NodeJS.ProcessEnv, log: SystemLog): Promise<TestGateway> {
    const port = await freeLoopbackPort();
    const child = spawn(process.execPath, [join(ROOT, 'services/api-gateway/dist/main.js')], {
      cwd: ROOT,
      env: { ...env, INSTANCE: instance, HOST: '127.0.0.1', PORT: String(port) },
      // The channel's end tells it that the tests are gone.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    log.read(child.stdout);
    log.read(child.stderr);
    const gateway = new TestGateway(child, `http://127.0.0.1:${port}`, instance);
    try {
      await log.line({ instance, msg: 'listening' }, LISTENS_WITHIN_MS);
    } catch (err) {
      await gateway.stop();
      throw err;
    }
    return gateway;
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(`${this.instance} could not be started`);
    return this.#child.pid;
  }

  /** A client of the system's tasks that asks this gateway; with a key where keys are configured. */
  tasks(apiKey?: string): TaskClient {
    return new TaskClient(this.baseUrl, apiKey);
  }

  /** Asks it to stop and waits for its end; does nothing when it has ended. Resolves to its exit code. */
  async stop(): Promise<{ code: number | null }> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGTERM');
      const late = setTimeout(() => this.#child.kill('SIGKILL'), STOPPED_WITHIN_MS);
      await once(this.#child, 'exit');
      clearTimeout(late);
    }
    return { code: this.#child.exitCode };
  }
}
