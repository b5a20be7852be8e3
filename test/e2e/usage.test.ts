import { type TaskClient, TestSystem } from '@grok2api/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ADMIN_KEY = 'admin-key-of-the-usage-tests';
const VIDEO = { model: 'grok-imagine-1.0-video', prompt: 'x' };
const TODAY = new Date().toISOString().slice(0, 10);
const MONTH_BEGIN = `${TODAY.slice(0, 7)}-01`;

interface Usage {
  data: Record<string, unknown>[];
  total: { requests: number; video_seconds: number; cost_in_usd_ticks: number; cost_usd: number };
  budget: { used_usd: number; remaining_usd: number } | null;
}

let system: TestSystem;
let admin: TaskClient;

beforeAll(async () => {
  system = await TestSystem.start({ env: { ADMIN_KEY, API_KEYS: 'alice:alice-secret-1' } });
  admin = system.tasks(ADMIN_KEY);
});
afterAll(async () => {
  await system?.stop();
});

async function makeKey(limits: object): Promise<{ id: string; secret: string }> {
  const answer = await admin.request('POST', '/admin/api/client-keys', { name: 'x', ...limits });
  return (await answer.json()) as { id: string; secret: string };
}

async function usage(client: TaskClient, path = '/v1/usage'): Promise<Usage> {
  const answer = await client.request('GET', path);
  expect(answer.status).toBe(200);
  return (await answer.json()) as Usage;
}

describe('usage', () => {
  it('of a video is counted for its key, and its budget holds', async () => {
    const { id, secret } = await makeKey({ monthly_budget_usd: 0.05 });
    const client = system.tasks(secret);
    expect(await usage(client)).toEqual({
      object: 'usage',
      from: MONTH_BEGIN,
      to: TODAY,
      data: [],
      total: expect.objectContaining({ requests: 0, cost_in_usd_ticks: 0, cost_usd: 0 }),
      budget: {
        monthly_usd: 0.05,
        used_usd: 0,
        remaining_usd: 0.05,
        resets_at: expect.stringMatching(/-01T00:00:00.000Z$/),
      },
    });
    const task = await client.ended(await client.create('计费', { video_length: 10 }));
    expect(task.status).toBe('completed');
    const cost = Number(task.cost_usd);
    expect(cost).toBeGreaterThan(0.05);

    await expect.poll(async () => (await usage(client)).total.requests, { timeout: 5_000 }).toBe(1);
    const used = await usage(client, '/v1/usage?group_by=model');
    const counted = {
      requests: 1,
      video_seconds: 10,
      prompt_tokens: 0,
      cost_usd: cost,
      cost_in_usd_ticks: cost * 10 ** 10,
    };
    expect(used.data).toMatchObject([{ model: 'grok-imagine-video-1.5', ...counted }]);
    expect((await usage(client)).data).toMatchObject([{ day: TODAY, ...counted }]);
    expect(used.budget).toMatchObject({ used_usd: cost, remaining_usd: 0 });

    await expect.poll(async () => (await client.request('POST', '/v1/video/tasks', VIDEO)).status).toBe(429);
    const refused = await client.request('POST', '/v1/video/tasks', VIDEO);
    expect(await refused.json()).toMatchObject({ error: { type: 'insufficient_quota', code: 'insufficient_quota' } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused.headers.get('x-should-retry')).toBe('false');
    expect((await client.get(task.task_id)).status).toBe('completed');
    expect((await client.request('GET', '/v1/video/tasks')).status).toBe(200);

    await admin.request('PATCH', `/admin/api/client-keys/${id}`, { monthly_budget_usd: 100 });
    expect((await client.request('POST', '/v1/video/tasks', VIDEO)).status).toBe(200);

    const { data } = (await (await admin.request('GET', '/admin/api/credentials')).json()) as {
      data: { id: string }[];
    };
    const byAll = await usage(admin, `/admin/api/usage?group_by=key,credential,day&key=${id}`);
    expect(byAll.data).toMatchObject([{ key: id, credential_id: data[0]?.id, day: TODAY, ...counted }]);
  });

  it('of a key of the settings goes by its name, and is no other’s', async () => {
    const client = system.tasks('alice-secret-1');
    const before = await usage(client);
    expect([before.total.requests, before.budget]).toEqual([0, null]);
    await client.ended(await client.create('爱丽丝'));
    await expect.poll(async () => (await usage(client)).total.video_seconds, { timeout: 5_000 }).toBe(6);
    const all = await usage(admin, '/admin/api/usage?group_by=key');
    expect(all.data).toContainEqual(expect.objectContaining({ key: 'alice', requests: 1, video_seconds: 6 }));
  });

  it.each([
    ['/v1/usage?from=yesterday', 'from'],
    ['/v1/usage?from=2026-02-30', 'from'],
    ['/v1/usage?from=2026-02-02&to=2026-02-01', 'from'],
    ['/v1/usage?from=2020-01-01&to=2026-02-01', 'from'],
    ['/v1/usage?group_by=key', 'group_by'],
    ['/admin/api/usage?group_by=day,hour', 'group_by.1'],
    ['/admin/api/usage?limit=0', 'limit'],
    ['/admin/api/usage?offset=-1', 'offset'],
  ])('is not told for %s', async (path, param) => {
    const client = path.startsWith('/admin') ? admin : system.tasks('alice-secret-1');
    const answer = await client.request('GET', path);
    expect([answer.status, await answer.json()]).toMatchObject([400, { error: { param } }]);
  });

  it('needs a key', async () => {
    expect((await system.tasks().request('GET', '/v1/usage')).status).toBe(401);
    expect((await system.tasks('alice-secret-1').request('GET', '/admin/api/usage')).status).toBe(401);
    expect((await system.tasks('alice-secret-1').request('POST', '/usage')).status).toBe(405);
  });
});
