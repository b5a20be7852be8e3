import { randomBytes } from 'node:crypto';
import { Bus } from '@grok2api/bus';
import {
  type AcquireReply,
  type AcquireRequest,
  acquireGrants,
  type Grant,
  type Report,
  releaseGrants,
  renewGrants,
  reportOutcome,
} from '@grok2api/contracts';
import { createLogger } from '@grok2api/service-kit';
import { startNats, startPostgres, type TestServer } from '@grok2api/testkit';
import { type Database, openDatabase } from '../src/database.js';
import { startTokenPool, type TestProcess } from './token-pool-process.js';

export const VIDEO = 'grok-imagine-video-1.5';
export const CHAT = 'grok-4.7';
export const NO_UPSTREAM = 'http://127.0.0.1:9/v1';
export const CALL = { timeoutMs: 20_000 };
const log = createLogger({ service: 'test', instance: 'test', level: 'silent' });

type AcquireOptions = Partial<Pick<AcquireRequest, 'holder' | 'slots' | 'avoid' | 'sticky'>>;

/** Begins the ids of a request's grants. */
export function newRequestId(): string {
  return `grant_${randomBytes(16).toString('hex')}`;
}

/** Real servers with the pool's tables, and token-pool processes on them. */
export class Fixture {
  readonly #processes: TestProcess[] = [];

  private constructor(
    readonly nats: TestServer,
    readonly postgres: TestServer,
    readonly bus: Bus,
    readonly database: Database,
    readonly env: Record<string, string>,
  ) {}

  static async start(): Promise<Fixture> {
    const [nats, postgres] = await Promise.all([startNats(), startPostgres('migrated')]);
    const bus = await Bus.connect({ url: nats.url, name: 'test', log });
    return new Fixture(nats, postgres, bus, openDatabase(postgres.url, log), {
      NATS_URL: nats.url,
      DATABASE_URL: postgres.url,
      CREDENTIALS_KEY: randomBytes(32).toString('base64'),
      // Nobody listens there. A test that needs an upstream brings its own.
      XAI_BASE_URL: NO_UPSTREAM,
    });
  }

  /** Starts a token-pool process and waits until it serves. */
  async startPool(env: Record<string, string>): Promise<TestProcess> {
    const process = startTokenPool('main', { ...this.env, ...env });
    this.#processes.push(process);
    await process.logged('"ready"');
    return process;
  }

  /** Starts a token-pool process that is expected to end by itself; resolves to its exit code and its log. */
  async runPool(env: Record<string, string>): Promise<{ code: number | null; lines: string[] }> {
    const { exited, lines } = startTokenPool('main', { ...this.env, ...env });
    return { code: await exited, lines };
  }

  /** Stops every token-pool process. */
  async stopPools(): Promise<void> {
    await Promise.all(this.#processes.splice(0).map((process) => process.stop()));
  }

  /** Stops every token-pool process and empties the tables. */
  async reset(): Promise<void> {
    await this.stopPools();
    await Promise.all([this.database.credential.deleteMany(), this.database.clientKey.deleteMany()]);
  }

  async destroy(): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.stop()));
    await this.bus.close();
    await this.database.$disconnect();
    await Promise.all([this.nats.stop(), this.postgres.stop()]);
  }

  acquire(models: string[], options: AcquireOptions = {}): Promise<AcquireReply> {
    const { holder = 'worker-1', slots = 1, ...rest } = options;
    return this.bus.call(acquireGrants, { request_id: newRequestId(), holder, models, slots, ...rest }, CALL);
  }

  /** Acquires where a grant is expected, of a single credential. */
  async grant(models: string[], options: AcquireOptions = {}): Promise<Grant> {
    const reply = await this.acquire(models, options);
    if (reply.status !== 'granted') throw new Error(`no grant: ${JSON.stringify(reply)}`);
    const [grant, ...others] = reply.grants;
    if (!grant || others.length > 0) throw new Error(`${reply.grants.length} grants`);
    return grant;
  }

  /** Renews a grant; undefined when it is gone. */
  async renew(grant: Grant, holder = 'worker-1'): Promise<{ models: string[]; watched: string[] } | undefined> {
    const { id, counted, models, credential, terms } = grant;
    const asked = [{ id, credential_id: credential.id, models, counted, terms }];
    const { grants } = await this.bus.call(renewGrants, { holder, grants: asked }, CALL);
    return grants.find((renewed) => renewed.id === id);
  }

  async release({ id }: Grant, keep = 0, holder = 'worker-1'): Promise<void> {
    await this.bus.call(releaseGrants, { holder, grants: [{ id, keep }] }, CALL);
  }

  async report(report: Report): Promise<void> {
    await this.bus.call(reportOutcome, report, CALL);
  }
}
