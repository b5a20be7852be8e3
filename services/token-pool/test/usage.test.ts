import { randomUUID } from 'node:crypto';
import {
  clientKeysChanged,
  createClientKey,
  listClientKeys,
  NO_USAGE,
  queryUsage,
  recordUsage,
  updateClientKey,
} from '@grok2api/contracts';
import { createLogger } from '@grok2api/service-kit';
import { UsageReporter } from '@grok2api/usage-client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CALL, Fixture } from './fixture.js';
import type { TestProcess } from './token-pool-process.js';

const log = createLogger({ service: 'test', instance: 'test', level: 'silent' });
const TODAY = new Date().toISOString().slice(0, 10);
const MONTH = TODAY.slice(0, 7);
const DOLLAR = 10 ** 10;

let fixture: Fixture;

beforeAll(async () => {
  fixture = await Fixture.start();
});

afterEach(async () => {
  await fixture.reset();
  await fixture.database.usage.deleteMany();
});
afterAll(() => fixture.destroy());

function row(fields: object = {}) {
  const names = { day: TODAY, credential_id: 'cred_1', model: 'grok-4.7', owner: 'alice' };
  return { ...NO_USAGE, ...names, requests: 1, ...fields };
}

const record = (rows: ReturnType<typeof row>[], batch_id = randomUUID()) =>
  fixture.bus.call(recordUsage, { batch_id, rows }, CALL);

function query(fields: Partial<Parameters<typeof ask>[0]> = {}) {
  return ask({ from: TODAY, to: TODAY, group_by: [], limit: 1000, offset: 0, ...fields });
}

function ask(request: (typeof queryUsage.request)['_output']) {
  return fixture.bus.call(queryUsage, request, CALL);
}

describe('usage', () => {
  it('adds up by day, credential, model and owner, and is split as asked', async () => {
    await fixture.startPool({});
    await record([
      row({ prompt_tokens: 10, completion_tokens: 7, reasoning_tokens: 5, cached_tokens: 4, cost_ticks: 300 }),
      row({ prompt_tokens: 1, cost_ticks: 1 }),
      row({ owner: 'bob', model: 'grok-imagine-image', images: 2, credential_id: 'cred_2' }),
      row({ owner: 'bob', model: 'grok-imagine-video', video_seconds: 6, day: '2026-01-31' }),
    ]);
    await record([row({ prompt_tokens: 100, cost_ticks: 9_000_000_000_000_000 })]);
    const alice = {
      ...{ ...NO_USAGE, requests: 3, prompt_tokens: 111, completion_tokens: 7, reasoning_tokens: 5, cached_tokens: 4 },
      cost_ticks: 9_000_000_000_000_301,
    };
    const bob = { ...NO_USAGE, requests: 1, images: 2 };
    expect(await query({ group_by: ['owner'] })).toEqual({
      rows: [
        { owner: 'alice', ...alice },
        { owner: 'bob', ...bob },
      ],
      total: { ...alice, requests: 4, images: 2 },
      has_more: false,
    });
    expect((await query({ owner: 'alice', group_by: ['credential_id', 'model'] })).rows).toEqual([
      { credential_id: 'cred_1', model: 'grok-4.7', ...alice },
    ]);
    const days = { from: '2026-01-01', owner: 'bob', group_by: ['day' as const] };
    expect((await query(days)).rows).toEqual([
      { day: '2026-01-31', ...NO_USAGE, requests: 1, video_seconds: 6 },
      { day: TODAY, ...bob },
    ]);
    expect(await query({ ...days, limit: 1 })).toMatchObject({ rows: [{ day: '2026-01-31' }], has_more: true });
    expect((await query({ ...days, limit: 1, offset: 1 })).rows).toMatchObject([{ day: TODAY }]);
    expect(await query({ model: 'unknown' })).toEqual({ rows: [], total: NO_USAGE, has_more: false });
  });

  it('counts a batch once, however often it comes, also to two processes at once', async () => {
    await Promise.all([fixture.startPool({}), fixture.startPool({})]);
    const id = randomUUID();
    await Promise.all(Array.from({ length: 10 }, () => record([row(), row({ owner: 'bob' })], id)));
    expect((await query()).total.requests).toBe(2);
  });

  it('is counted whole by many batches at once that have rows in common', async () => {
    await Promise.all([fixture.startPool({}), fixture.startPool({})]);
    const rows = ['d', 'a', 'c', 'b'].map((owner) => row({ owner }));
    await Promise.all(Array.from({ length: 40 }, (_, index) => record(index % 2 === 0 ? rows : rows.toReversed())));
    expect((await query()).total.requests).toBe(160);
  });
});

describe('a reporter', () => {
  it('loses nothing and counts nothing twice while the token pool is killed again and again', async () => {
    let pool: TestProcess = await fixture.startPool({});
    const reporter = new UsageReporter({ bus: fixture.bus, log, now: Date.now, newBatchId: randomUUID });
    let recorded = 0;
    const recording = setInterval(() => {
      for (let i = 0; i < 20; i++) {
        recorded++;
        const owner = `owner-${i}`;
        reporter.record({ credentialId: 'cred_1', model: 'grok-4.7', owner, promptTokens: 3, costUsdTicks: 5 });
      }
    }, 20);
    for (let i = 0; i < 3; i++) {
      // As soon as something was counted, perhaps before that could be told.
      const { total } = await query();
      await expect
        .poll(async () => (await query()).total.requests, { timeout: 10_000 })
        .toBeGreaterThan(total.requests);
      pool.signal('SIGKILL');
      await pool.exited;
      pool = await fixture.startPool({});
    }
    clearInterval(recording);
    await reporter.close();
    const { requests, prompt_tokens, cost_ticks } = (await query()).total;
    expect({ requests, prompt_tokens, cost_ticks }).toEqual({
      requests: recorded,
      prompt_tokens: recorded * 3,
      cost_ticks: recorded * 5,
    });
  });

  it('ends within seconds when nobody counts any more', async () => {
    const reporter = new UsageReporter({ bus: fixture.bus, log, now: Date.now, newBatchId: randomUUID });
    reporter.record({ credentialId: 'cred_1', model: 'grok-4.7', owner: 'alice' });
    const begun = performance.now();
    await reporter.close();
    expect(performance.now() - begun).toBeLessThan(12_000);
  });
});

describe('a budget', () => {
  async function makeKey(dollars: number | null): Promise<string> {
    const limits = { requests_per_minute: null, max_concurrency: null, models: null, expires_at: null };
    const monthly_budget_ticks = dollars === null ? null : dollars * DOLLAR;
    const secret_hash = `${randomUUID()}${randomUUID()}`.replaceAll('-', '');
    const request = { ...limits, monthly_budget_ticks, name: 'x', secret_hash, last4: 'abcd' };
    return (await fixture.bus.call(createClientKey, request, CALL)).key.id;
  }
  const keys = async () => (await fixture.bus.call(listClientKeys, { after: 0, limit: 10 }, CALL)).keys;

  it('of a client key is used up by this month’s costs alone, and every gateway is told once', async () => {
    await fixture.startPool({});
    const [limited, unlimited] = [await makeKey(3), await makeKey(null)];
    const told: string[] = [];
    fixture.bus.on(clientKeysChanged, () => void told.push('changed'));
    await fixture.bus.flush();
    await record([row({ owner: limited, day: '2026-01-31', cost_ticks: 5 * DOLLAR })]);
    await record([row({ owner: limited, cost_ticks: 2 * DOLLAR }), row({ owner: unlimited, cost_ticks: 9 * DOLLAR })]);
    expect((await keys()).map((key) => key.budget_exhausted_in)).toEqual([null, null]);
    await record([row({ owner: limited, model: 'grok-imagine-video', cost_ticks: DOLLAR })]);
    await record([row({ owner: limited })]);
    expect(await keys()).toMatchObject([
      { id: unlimited, budget_exhausted_in: null },
      { id: limited, budget_exhausted_in: MONTH },
    ]);
    await fixture.bus.flush();
    expect(told).toHaveLength(1);
  });

  it('that is raised leaves room again, and one that is set may be used up at once', async () => {
    await fixture.startPool({});
    const id = await makeKey(1);
    await record([row({ owner: id, cost_ticks: 2 * DOLLAR })]);
    const set = async (budget: number | null) => {
      const changes = { monthly_budget_ticks: budget === null ? null : budget * DOLLAR };
      return (await fixture.bus.call(updateClientKey, { key_id: id, changes }, CALL)).key?.budget_exhausted_in;
    };
    expect([await set(3), await set(2), await set(null)]).toEqual([null, MONTH, null]);
  });

  it('of a credential is noted with it', async () => {
    const pool = await fixture.startPool({ XAI_API_KEYS: 'xai-1,xai-2' });
    const [first] = await fixture.database.credential.findMany();
    await fixture.database.credential.updateMany({ data: { monthlyBudgetTicks: DOLLAR } });
    await record([row({ credential_id: first?.id, cost_ticks: DOLLAR })]);
    const marked = await fixture.database.credential.findMany({ where: { budgetExhaustedIn: MONTH } });
    expect(marked.map(({ id }) => id)).toEqual([first?.id]);
    expect(pool.lines.join()).toContain('the budget of a credential is used up');
  });
});
