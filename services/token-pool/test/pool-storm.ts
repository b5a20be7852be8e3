import { setTimeout as sleep } from 'node:timers/promises';
import { Bus } from '@grok2api/bus';
import { createXaiUpstream, type GrokUpstream } from '@grok2api/grok-upstream';
import { createLogger } from '@grok2api/service-kit';
import { startSimulator, type TestSimulator } from '@grok2api/testkit';
import { CredentialClient, withCredential } from '../../../packages/credential-client/src/index.js';
import { CHAT, Fixture } from './fixture.js';
import type { TestProcess } from './token-pool-process.js';

const log = createLogger({ service: 'test', instance: 'test', level: 'silent' });
const POOLS = 3;
const HOLDERS = 3;
const WAIT_MS = 2_000;

export interface StormOptions {
  keys: number;
  /** Of each key. */
  limit: number;
  /** Calls that are wanted at a time. */
  lanes: number;
  /** 0 to 1. */
  random: () => number;
}

export interface StormFigures {
  calls: number;
  /** Calls that failed, by the name of the error. */
  failures: Map<string, number>;
  kills: number;
}

/** Holders that chat with the simulator while the token pools that grant them credentials are killed again and again. */
export class PoolStorm {
  readonly #pools: TestProcess[] = [];
  readonly #buses: Bus[] = [];
  readonly #clients: CredentialClient[] = [];
  readonly #upstream: GrokUpstream = createXaiUpstream();

  private constructor(
    readonly fixture: Fixture,
    readonly simulator: TestSimulator,
    private readonly options: StormOptions,
  ) {}

  static async start(options: StormOptions): Promise<PoolStorm> {
    const [fixture, simulator] = await Promise.all([Fixture.start(), startSimulator({ SIMULATOR_TOKEN_MS: '20' })]);
    const storm = new PoolStorm(fixture, simulator, options);
    await Promise.all(Array.from({ length: POOLS }, () => storm.#startPool()));
    for (let index = 0; index < HOLDERS; index++) {
      const bus = await Bus.connect({ url: fixture.nats.url, name: `holder-${index}`, log });
      storm.#buses.push(bus);
      storm.#clients.push(new CredentialClient({ bus, holder: `holder-${index}`, now: () => performance.now(), log }));
    }
    return storm;
  }

  /** Chats for a while, while each second one of the token pools is killed with -9 and started again. */
  async run(ms: number): Promise<StormFigures> {
    const figures: StormFigures = { calls: 0, failures: new Map(), kills: 0 };
    const end = performance.now() + ms;
    const lanes = Array.from({ length: this.options.lanes }, (_, index) => this.#chat(index, end, figures));
    const starting: Promise<void>[] = [];
    while (performance.now() < end) {
      await sleep(1_000);
      const [killed] = this.#pools.splice(Math.floor(this.options.random() * this.#pools.length), 1);
      if (!killed) continue;
      killed.signal('SIGKILL');
      figures.kills++;
      starting.push(this.#startPool());
    }
    await Promise.all([...lanes, ...starting]);
    return figures;
  }

  /** Ends the holders, and waits until nothing is granted any more. */
  async untilAllIsBack(): Promise<void> {
    await Promise.all(this.#clients.splice(0).map((client) => client.close()));
    while ((await this.fixture.database.grant.count({ where: { expiresAt: { gt: new Date() } } })) > 0)
      await sleep(100);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    await Promise.all(this.#buses.map((bus) => bus.close()));
    await this.#upstream.close();
    await this.fixture.destroy();
    await this.simulator.stop();
  }

  async #startPool(): Promise<void> {
    const { keys, limit } = this.options;
    const pool = await this.fixture.startPool({
      XAI_API_KEYS: Array.from({ length: keys }, (_, index) => `storm-key-${index}`).join(','),
      XAI_BASE_URL: this.simulator.baseUrl,
      CREDENTIAL_MAX_CONCURRENCY: String(limit),
    });
    this.#pools.push(pool);
  }

  async #chat(lane: number, end: number, figures: StormFigures): Promise<void> {
    const client = this.#clients[lane % this.#clients.length];
    if (!client) throw new Error('there is no holder');
    const { signal } = new AbortController();
    const plan = { model: CHAT, maxTries: 3, waitMs: WAIT_MS, signal, random: this.options.random };
    const request = { model: CHAT, messages: [{ role: 'user' as const, content: 'tokens:8' }], maxTokens: 8 };
    while (performance.now() < end) {
      try {
        const call = await withCredential(client, plan, (credential) =>
          this.#upstream.completeChat(credential, request, { signal }),
        );
        call.end('ok');
        figures.calls++;
      } catch (err) {
        const name = err instanceof Error ? err.name : String(err);
        figures.failures.set(name, (figures.failures.get(name) ?? 0) + 1);
      }
    }
  }
}
