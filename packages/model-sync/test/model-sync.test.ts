import { Bus } from '@grok2api/bus';
import { DEFAULT_MODELS, listModels, type Model, ModelCatalogue, modelsChanged } from '@grok2api/contracts';
import { createLogger } from '@grok2api/service-kit';
import { startNats, type TestNats } from '@grok2api/testkit';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { ModelSync } from '../src/index.js';

let nats: TestNats;
let bus: Bus;
let catalogue: ModelCatalogue;
let sync: ModelSync;
let lines: string[];

beforeEach(async () => {
  lines = [];
  nats = await startNats();
  const destination = { write: (line: string) => void lines.push(line) };
  const log = createLogger({ service: 'test', instance: 'test', level: 'warn', destination });
  bus = await connect();
  catalogue = new ModelCatalogue();
  sync = new ModelSync({ bus, catalogue, log });
});

afterEach(async () => {
  sync.stop();
  await bus.close();
  await nats.stop();
});

function connect(): Promise<Bus> {
  const log = createLogger({ service: 'test', instance: 'test', level: 'silent' });
  return Bus.connect({ url: nats.url, name: 'test', log });
}

function model(id: string): Model {
  return { id, kind: 'chat', upstream: id, created: 1 };
}

/** A token pool with these models; changing the list changes its answers. */
async function serve(models: Model[]): Promise<Bus> {
  const pool = await connect();
  pool.serve(listModels, async () => ({ models }));
  await pool.flush();
  return pool;
}

function until(ids: string[]): Promise<void> {
  return vi.waitFor(() => expect(catalogue.list().map(({ id }) => id)).toEqual(ids), { timeout: 10_000 });
}

describe('ModelSync', () => {
  it('has the token pool’s models at once', async () => {
    const pool = await serve([model('a')]);
    sync.start();
    await until(['a']);
    await pool.close();
  });

  it('asks until a token pool is there, keeps what is known, and says so once', async () => {
    sync.start();
    await vi.waitFor(() => expect(lines).toHaveLength(1));
    expect(catalogue.list()).toEqual(DEFAULT_MODELS);
    const pool = await serve([model('a')]);
    await until(['a']);
    expect(lines).toHaveLength(1);
    await pool.close();
  });

  it('asks again after a reconnect, and keeps what it has while the token pool is away', async () => {
    const models = [model('a')];
    const pool = await serve(models);
    sync.start();
    await until(['a']);
    models.push(model('b'));
    await nats.pause();
    expect(catalogue.list()).toHaveLength(1);
    await nats.resume();
    await until(['a', 'b']);
    await pool.close();
  });

  it('asks as soon as the token pool has other ones', async () => {
    const models = [model('a')];
    const pool = await serve(models);
    sync.start();
    await until(['a']);
    models.push(model('b'));
    pool.publish(modelsChanged, {});
    await until(['a', 'b']);
    await pool.close();
  });

  it('asks again when they change while it is asking', async () => {
    const pool = await connect();
    let asked = 0;
    let answer = () => {};
    const asks = new Promise<void>((resolve) => {
      answer = resolve;
    });
    pool.serve(listModels, async () => {
      if (++asked > 1) return { models: [model('b')] };
      pool.publish(modelsChanged, {});
      await pool.flush();
      await asks;
      return { models: [model('a')] };
    });
    await pool.flush();
    sync.start();
    await vi.waitFor(() => expect(asked).toBe(1));
    await bus.flush();
    answer();
    await until(['b']);
    await pool.close();
  });

  it('asks every 30 seconds', async () => {
    const models = [model('a')];
    const pool = await serve(models);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    sync.start();
    await until(['a']);
    models.push(model('b'));
    await vi.advanceTimersByTimeAsync(30_000);
    await until(['a', 'b']);
    vi.useRealTimers();
    await pool.close();
  });

  it('leaves the catalogue alone once it is stopped', async () => {
    const pool = await serve([model('a')]);
    sync.start();
    sync.stop();
    await bus.flush();
    await pool.close();
    expect(catalogue.list()).toEqual(DEFAULT_MODELS);
  });
});
