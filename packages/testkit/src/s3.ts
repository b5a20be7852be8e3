import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { freeLoopbackPort } from '@grok2api/launcher';

const MAIN = fileURLToPath(new URL('./s3-main.js', import.meta.url));

/** An S3-compatible server of its own for some tests. It keeps everything in memory. */
export class TestS3 {
  #child: ChildProcess | undefined;

  private constructor(readonly port: number) {}

  /** Starts it, without a bucket. */
  static async start(): Promise<TestS3> {
    const s3 = new TestS3(await freeLoopbackPort());
    await s3.resume();
    return s3;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Makes an empty bucket; resolves to its address, as the setting `MEDIA_STORE` has it. */
  async createBucket(name: string): Promise<string> {
    const answer = await fetch(`${this.endpoint}/${name}`, { method: 'PUT' });
    if (!answer.ok) throw new Error(`making a bucket answered ${answer.status}`);
    return `s3://${name}?endpoint=${encodeURIComponent(this.endpoint)}`;
  }

  /** Any do: the server does not check signatures. */
  get credentials(): Record<string, string> {
    return { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
  }

  /** Ends it; what it had is gone. */
  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  /** Starts it again after `stop`, empty, on the same port. */
  async resume(): Promise<void> {
    const child = fork(MAIN, { env: { PATH: process.env.PATH, PORT: String(this.port) }, execArgv: [] });
    this.#child = child;
    const ended = once(child, 'exit').then(() => {
      throw new Error('the S3 server ended');
    });
    // Later it is asked to.
    ended.catch(() => {});
    await Promise.race([once(child, 'message'), ended]);
  }
}
