import { randomBytes } from 'node:crypto';
import { TestProcess } from '@grok2api/testkit';

/** Message of the log line that says that a process of a service is ready. */
const READY: Record<string, string> = {
  'token-pool': 'ready',
  chat: 'taking requests',
  image: 'taking requests and tasks',
  'video-worker': 'taking tasks',
  'callback-dispatcher': 'delivering callbacks',
  'api-gateway': 'listening',
};
export const SERVICES = Object.keys(READY);

/** Several processes of each service on the same servers, as an operator runs them. */
export class Replicas {
  readonly #running = new Map<string, TestProcess>();
  readonly #secrets = {
    CREDENTIALS_KEY: randomBytes(32).toString('base64'),
    CALLBACK_SECRET: `whsec_${randomBytes(32).toString('base64')}`,
  };

  constructor(private readonly env: Record<string, string>) {}

  /** Starts one; resolves when it is ready. */
  async start(service: string, instance: string, settings: Record<string, string> = {}): Promise<void> {
    const readyMessage = READY[service] ?? '';
    const env = { ...this.env, ...this.#secrets, OPS_PORT: '0', ...settings };
    this.#running.set(instance, await TestProcess.start({ service, instance, env, readyMessage }));
  }

  /** Stops one with SIGTERM; resolves to its exit code and the time that it took. */
  async stop(instance: string): Promise<{ code: number | null; ms: number }> {
    const begun = performance.now();
    const process = this.#running.get(instance);
    if (!process) throw new Error(`${instance} does not run`);
    this.#running.delete(instance);
    const { code } = await process.stop();
    return { code, ms: Math.round(performance.now() - begun) };
  }

  /** Stops all that run. */
  async stopAll(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((instance) => this.stop(instance)));
  }
}
