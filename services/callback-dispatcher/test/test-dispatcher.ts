import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { callbackId, newTaskId, newWebhookSecret } from '@grok2api/contracts';
import { createSafeFetch } from '@grok2api/safe-fetch';
import { createLogger, Metrics } from '@grok2api/service-kit';
import { type CallbackDetails, openTaskStore, type TaskStore } from '@grok2api/task-store';
import { type ReceivedCallback, startPostgres, type TestServer } from '@grok2api/testkit';
import { Webhook } from 'standardwebhooks';
import { Dispatcher, type DispatcherOptions } from '../src/dispatcher.js';
import { serviceMetrics } from '../src/metrics.js';

export const SECRET = newWebhookSecret(randomBytes);

const MODEL = 'grok-imagine-video-1.5';
const PARAMS = { aspect_ratio: '3:2', video_length: 6, resolution: '480p', preset: 'normal' } as const;
const ATTEMPT = {
  at: '2026-01-01T00:00:00.000Z',
  duration_ms: 0,
  status: null,
  error: 'the test is over',
  answer: null,
};

export type DispatcherChanges = Partial<DispatcherOptions> & {
  /** Networks that may be called. */
  allow?: readonly string[];
};

/** Postgres with the tasks' tables, tasks that end, and dispatchers. */
export class TestDispatchers {
  readonly #running: (() => Promise<unknown>)[] = [];

  private constructor(
    readonly postgres: TestServer,
    readonly store: TaskStore,
  ) {}

  static async start(): Promise<TestDispatchers> {
    const postgres = await startPostgres('migrated');
    return new TestDispatchers(postgres, openTaskStore({ databaseUrl: postgres.url, maxConnections: 5 }));
  }

  async stop(): Promise<void> {
    await this.store.close();
    await this.postgres.stop();
  }

  /** Starts a dispatcher with a store of its own, in this process. */
  dispatch({ allow = ['127.0.0.0/8'], ...changes }: DispatcherChanges = {}): Dispatcher {
    const store = openTaskStore({ databaseUrl: this.postgres.url, maxConnections: 4 });
    const safeFetch = createSafeFetch({ allow });
    const dispatcher = new Dispatcher({
      queue: store.callbackQueue,
      safeFetch,
      secretsOf: async () => ({ current: SECRET }),
      schedule: [0, 100, 200, 300, 600_000],
      timeoutMs: 5_000,
      concurrency: 64,
      hostConcurrency: 4,
      log: createLogger({ service: 'test', instance: 'test', level: 'silent' }),
      metrics: serviceMetrics(new Metrics('test')).callbacks,
      newToken: randomUUID,
      now: Date.now,
      random: Math.random,
      ...changes,
    });
    dispatcher.start();
    this.#running.push(async () => {
      await dispatcher.stop();
      await Promise.all([safeFetch.close(), store.close()]);
    });
    return dispatcher;
  }

  /** Stops the dispatchers, and settles every callback that is left. */
  async empty(): Promise<void> {
    await Promise.all(this.#running.splice(0).map((stop) => stop()));
    const { callbackQueue, callbacks } = this.store;
    for (;;) {
      const { callbacks: pending } = await callbacks.list({ state: 'pending', limit: 1000 });
      if (pending.length === 0) return;
      for (const { id } of pending) await callbacks.sendAgain(id);
      const all = { token: randomUUID(), ttlMs: 60_000, limit: 1000, perHost: 1000, room: new Map() };
      for (const claimed of await callbackQueue.claim(all)) await callbackQueue.record(claimed, ATTEMPT, 'given_up');
      await sleep(50);
    }
  }

  /** Cancels a task for each of the URLs; resolves to the ids of the callbacks. */
  async end(...urls: string[]): Promise<string[]> {
    const ids = urls.map(() => newTaskId(() => randomBytes(16).toString('hex')));
    const owner = randomUUID();
    await Promise.all(
      urls.map((callbackUrl, index) =>
        this.store.tasks.create({
          id: ids[index] ?? '',
          kind: 'video',
          params: PARAMS,
          owner,
          model: MODEL,
          upstreamModel: MODEL,
          prompt: `${index} 一只猫 🐈`,
          origin: 'http://localhost:8000',
          callbackUrl,
        }),
      ),
    );
    for await (const _batch of this.store.tasks.delete('video', owner, 'all'));
    return ids.map(callbackId);
  }

  /** Reads a callback until it is as wanted. */
  async until(
    id: string | undefined,
    wanted: (callback: CallbackDetails) => boolean,
    withinMs = 20_000,
  ): Promise<CallbackDetails> {
    const deadline = Date.now() + withinMs;
    for (;;) {
      const callback = await this.store.callbacks.get(id ?? '');
      if (callback && wanted(callback)) return callback;
      if (Date.now() > deadline)
        throw new Error(`not as wanted within ${withinMs} ms: ${JSON.stringify(callback, text)}`);
      await sleep(20);
    }
  }

  /** Reads a callback until it is delivered or given up. */
  settled(id: string | undefined, withinMs?: number): Promise<CallbackDetails> {
    return this.until(id, ({ state }) => state !== 'pending', withinMs);
  }
}

/** What a receiver makes of a callback: it is verified, and told. */
export function verified({ body, headers }: ReceivedCallback, secret = SECRET): unknown {
  const texts = Object.entries(headers).map(([name, value]) => [name, String(value)]);
  return new Webhook(secret).verify(body, Object.fromEntries(texts));
}

function text(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
