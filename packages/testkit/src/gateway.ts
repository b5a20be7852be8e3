import { freeLoopbackPort } from '@grok2api/launcher';
import type { SystemLog } from './system-log.js';
import { TaskClient } from './task-client.js';
import { TestProcess } from './test-process.js';

/** A further gateway of a system, beside the one that the launcher keeps. Nobody starts it again when it ends. */
export class TestGateway {
  private constructor(
    readonly process: TestProcess,
    readonly baseUrl: string,
  ) {}

  /**
   * Starts it and waits until it listens.
   * @param env the servers and the media directory of the system, and any other setting
   */
  static async start(instance: string, env: NodeJS.ProcessEnv, log: SystemLog): Promise<TestGateway> {
    const port = await freeLoopbackPort();
    const own = { ...env, HOST: '127.0.0.1', PORT: String(port) };
    const options = { service: 'api-gateway', instance, env: own, readyMessage: 'listening', log };
    return new TestGateway(await TestProcess.start(options), `http://127.0.0.1:${port}`);
  }

  /** Its name in the log. */
  get instance(): string {
    return this.process.instance;
  }

  get pid(): number {
    return this.process.pid;
  }

  /** A client of the system's tasks that asks this gateway; with a key where keys are configured. */
  tasks(apiKey?: string): TaskClient {
    return new TaskClient(this.baseUrl, apiKey);
  }

  /** A client of the system's image tasks that asks this gateway. */
  imageTasks(apiKey?: string): TaskClient {
    return new TaskClient(this.baseUrl, apiKey, 'image');
  }

  /** Asks it to stop and waits for its end; does nothing when it has ended. Resolves to its exit code. */
  stop(): Promise<{ code: number | null }> {
    return this.process.stop();
  }
}
