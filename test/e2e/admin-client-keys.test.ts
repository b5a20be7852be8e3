import { setTimeout as sleep } from 'node:timers/promises';
import {
  type SystemOnServers,
  startOnServers,
  type TaskClient,
  type TestGateway,
  type TestSystem,
} from '@grok2api/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ADMIN_KEY = 'admin-key-of-the-client-key-tests';
const VIDEO = { model: 'grok-imagine-1.0-video', prompt: 'x' };

interface MadeKey {
  id: string;
  name: string;
  secret: string;
  last4: string;
  [field: string]: unknown;
}

let onServers: SystemOnServers;
let system: TestSystem;
let other: TestGateway;
let admin: TaskClient;
const secrets: string[] = [];

beforeAll(async () => {
  onServers = await startOnServers({ env: { ADMIN_KEY } });
  system = onServers.system;
  other = await system.startGateway();
  admin = system.tasks(ADMIN_KEY);
});
afterAll(() => onServers?.stop());

const statusOf = async (answer: Promise<Response>) => (await answer).status;
const list = (client: TaskClient) => client.request('GET', '/v1/video/tasks');

async function makeKey(limits: object = {}): Promise<MadeKey> {
  const answer = await admin.request('POST', '/admin/api/client-keys', { name: '客户', ...limits });
  expect(answer.status).toBe(201);
  const key = (await answer.json()) as MadeKey;
  secrets.push(key.secret);
  return key;
}

/** Asks again until that is the status; resolves to the ms it took. */
async function untilStatus(status: number, ask: () => Promise<Response>): Promise<number> {
  const begun = performance.now();
  while ((await statusOf(ask())) !== status) {
    if (performance.now() - begun > 10_000) throw new Error(`never ${status}`);
    await sleep(10);
  }
  return performance.now() - begun;
}

/** Waits until a gateway knows of a key, with what is not counted. */
async function known(gateway: TestGateway, secret: string): Promise<void> {
  await untilStatus(404, () => gateway.tasks(secret).request('GET', `/v1/video/tasks/task_${'0'.repeat(32)}`));
}

describe('the admin API', () => {
  it('asks for the admin key alone', async () => {
    for (const [method, path, body] of [
      ['GET', '/admin/api/client-keys'],
      ['POST', '/admin/api/client-keys', { name: 'x' }],
      ['GET', '/admin/api/credentials'],
    ] as const) {
      for (const client of [system.tasks(), system.tasks('a-wrong-admin-key')]) {
        const answer = await client.request(method, path, body);
        expect(answer.status).toBe(401);
        expect(await answer.json()).toMatchObject({ error: { type: 'authentication_error' } });
      }
    }
    expect(await statusOf(list(system.tasks(ADMIN_KEY)))).toBe(200);
    const answer = await admin.request('GET', '/admin/api/nothing');
    expect([answer.status, await answer.json()]).toMatchObject([404, { error: { code: 'route_not_found' } }]);
    expect(await statusOf(admin.request('PUT', '/admin/api/client-keys'))).toBe(405);
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('is not there without an admin key', async () => {
    const gateway = await system.startGateway({ ADMIN_KEY: '' });
    const answer = await gateway.tasks(ADMIN_KEY).request('GET', '/admin/api/client-keys');
    expect([answer.status, await answer.json()]).toMatchObject([404, { error: { code: 'route_not_found' } }]);
    await gateway.stop();
  });

  it.each([
    ['no name', {}, 'name'],
    ['a blank name', { name: ' ' }, 'name'],
    ['a name of another type', { name: 5 }, 'name'],
    ['no requests a minute', { name: 'x', requests_per_minute: 0 }, 'requests_per_minute'],
    ['half a request a minute', { name: 'x', requests_per_minute: 0.5 }, 'requests_per_minute'],
    ['a text as concurrency', { name: 'x', max_concurrency: '2' }, 'max_concurrency'],
    ['no model', { name: 'x', models: [] }, 'models'],
    ['a negative budget', { name: 'x', monthly_budget_usd: -1 }, 'monthly_budget_usd'],
    ['a date that is none', { name: 'x', expires_at: 'tomorrow' }, 'expires_at'],
  ])('makes no key of %s', async (_name, body, param) => {
    const answer = await admin.request('POST', '/admin/api/client-keys', body);
    expect([answer.status, await answer.json()]).toMatchObject([400, { error: { param } }]);
  });

  it('keeps no reply that tells a secret', async () => {
    const headers = { 'idempotency-key': 'one' };
    const answer = await admin.request('POST', '/admin/api/client-keys', { name: 'x' }, headers);
    expect([answer.status, await answer.json()]).toMatchObject([400, { error: { code: 'idempotency_not_supported' } }]);
  });

  it('knows no key that was never made, and no cursor that it did not give', async () => {
    expect(await statusOf(admin.request('PATCH', '/admin/api/client-keys/key_0', { name: 'x' }))).toBe(404);
    expect(await statusOf(admin.request('DELETE', '/admin/api/client-keys/key_0'))).toBe(404);
    expect(await statusOf(admin.request('GET', '/admin/api/client-keys?cursor=abc'))).toBe(400);
    expect(await statusOf(admin.request('GET', '/admin/api/client-keys?limit=0'))).toBe(400);
  });
});

describe('a client key', () => {
  it('closes the open server, everywhere within a second, for good', async () => {
    expect(await statusOf(list(system.tasks()))).toBe(200);
    expect(await statusOf(list(other.tasks('whatever')))).toBe(200);
    const key = await makeKey();
    expect(key.secret).toMatch(/^sk-[\w-]{43}$/);
    expect(key.last4).toBe(key.secret.slice(-4));
    expect(await statusOf(list(system.tasks()))).toBe(401);
    expect(await statusOf(list(system.tasks(key.secret)))).toBe(200);
    expect(await untilStatus(401, () => list(other.tasks('whatever')))).toBeLessThan(1_000);
    expect(await statusOf(list(other.tasks(key.secret)))).toBe(200);
    expect(await statusOf(list(other.tasks(ADMIN_KEY)))).toBe(401);

    expect(await statusOf(admin.request('DELETE', `/admin/api/client-keys/${key.id}`))).toBe(200);
    expect(await statusOf(list(system.tasks(key.secret)))).toBe(401);
    expect(await untilStatus(401, () => list(other.tasks(key.secret)))).toBeLessThan(1_000);
    expect(await statusOf(list(system.tasks()))).toBe(401);
    const late = await system.startGateway();
    expect(await statusOf(list(late.tasks()))).toBe(401);
    await late.stop();
  });

  it('is listed with its limits, without its secret, and can be changed', async () => {
    const limits = {
      requests_per_minute: 50,
      max_concurrency: 3,
      models: ['grok-4'],
      monthly_budget_usd: 12.5,
      expires_at: '2036-01-01T01:00:00+01:00',
    };
    const { secret, ...key } = await makeKey({ ...limits, model: 'an unknown field' });
    expect(key).toMatchObject({ ...limits, expires_at: '2036-01-01T00:00:00.000Z', revoked_at: null });
    const { data, next_cursor } = (await (await admin.request('GET', '/admin/api/client-keys?limit=1')).json()) as {
      data: object[];
      next_cursor: string;
    };
    expect(data).toEqual([key]);
    const next = await admin.request('GET', `/admin/api/client-keys?limit=1&cursor=${next_cursor}`);
    expect(await next.json()).toMatchObject({ data: [{ revoked_at: expect.any(String) }] });
    const changes = { name: 'anders', requests_per_minute: null, models: ['grok-3', 'grok-4'] };
    const changed = await admin.request('PATCH', `/admin/api/client-keys/${key.id}`, changes);
    expect([changed.status, await changed.json()]).toEqual([200, { ...key, ...changes }]);
    const answer = await list(system.tasks(secret));
    expect([answer.status, answer.headers.get('x-ratelimit-limit-requests')]).toEqual([200, null]);
  });

  it('has its own tasks', async () => {
    const [one, two] = [await makeKey(), await makeKey()];
    const id = await system.tasks(one.secret).create('我的任务');
    expect(await statusOf(system.tasks(two.secret).request('GET', `/v1/video/tasks/${id}`))).toBe(404);
    expect((await other.tasks(one.secret).get(id)).task_id).toBe(id);
  });

  it('ends at its time', async () => {
    const key = await makeKey({ expires_at: new Date(Date.now() + 3_000).toISOString() });
    expect(await statusOf(list(system.tasks(key.secret)))).toBe(200);
    await untilStatus(401, () => list(system.tasks(key.secret)));
    const answer = await list(other.tasks(key.secret));
    expect(await answer.json()).toMatchObject({
      error: { code: 'invalid_api_key', message: expect.stringMatching(/expired/) },
    });
  });

  it('may use only the models that it is allowed', async () => {
    const { secret } = await makeKey({ models: ['grok-4'] });
    const client = system.tasks(secret);
    const refused = await client.request('POST', '/v1/video/tasks', VIDEO);
    expect([refused.status, await refused.json()]).toMatchObject([
      404,
      {
        error: { code: 'model_not_found', message: expect.stringMatching(/does not exist or you do not have access/) },
      },
    ]);
    expect(await statusOf(client.request('POST', '/v1/video/generations/async', VIDEO))).toBe(400);
  });
});

describe('the limits of a client key', () => {
  it('let exactly so many requests a minute pass over two gateways, and say when to come again', async () => {
    const { secret } = await makeKey({ requests_per_minute: 10 });
    const clients = [system.tasks(secret), other.tasks(secret)];
    await known(other, secret);
    const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => list(clients[i % 2] ?? admin)));
    const passed = answers.filter(({ status }) => status === 200);
    const refused = answers.filter(({ status }) => status === 429);
    expect([passed.length, refused.length]).toEqual([10, 30]);
    const remaining = passed.map(({ headers }) => Number(headers.get('x-ratelimit-remaining-requests')));
    expect(Math.min(...remaining)).toBe(0);
    for (const { headers } of passed) {
      expect(headers.get('x-ratelimit-limit-requests')).toBe('10');
      expect(headers.get('x-ratelimit-reset-requests')).toMatch(/^(\d+(\.\d+)?s|1m0s)$/);
    }
    const headers = Object.fromEntries(refused[0]?.headers ?? []);
    expect(headers).toMatchObject({
      'x-ratelimit-limit-requests': '10',
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': expect.stringMatching(/^(\d+(\.\d+)?s|1m0s)$/),
    });
    expect(Number(headers['retry-after'])).toBeGreaterThan(30);
    expect(Number(headers['retry-after'])).toBeLessThanOrEqual(60);
    expect(await refused[0]?.json()).toMatchObject({
      error: {
        code: 'rate_limit_exceeded',
        type: 'rate_limit_error',
        message: expect.stringMatching(/requests per min \(RPM\): Limit 10/),
      },
    });
  });

  it('do not count who waits for a task', async () => {
    const { secret } = await makeKey({ requests_per_minute: 2 });
    const client = system.tasks(secret);
    const id = await client.create('x');
    for (let i = 0; i < 10; i++) expect((await client.get(id)).task_id).toBe(id);
    expect(await statusOf(list(client))).toBe(200);
    expect(await statusOf(list(client))).toBe(429);
  });

  it('come near a high number of requests a minute over two gateways, never more', async () => {
    const { secret } = await makeKey({ requests_per_minute: 600 });
    await known(other, secret);
    const clients = [system.tasks(secret), other.tasks(secret)];
    let passed = 0;
    for (let round = 0; round < 30; round++) {
      const answers = await Promise.all(Array.from({ length: 30 }, (_, i) => list(clients[i % 2] ?? admin)));
      passed += answers.filter(({ status }) => status === 200).length;
    }
    expect(passed).toBeGreaterThan(540);
    expect(passed).toBeLessThanOrEqual(600);
  });

  it('let so many requests be in progress over two gateways', async () => {
    const { secret } = await makeKey({ max_concurrency: 2, requests_per_minute: 100 });
    await known(other, secret);
    const chat = (base: TaskClient) =>
      base.request('POST', '/v1/chat/completions', { ...VIDEO, messages: [{ role: 'user', content: '慢' }] });
    const running = [chat(system.tasks(secret)), chat(other.tasks(secret))];
    await untilStatus(429, () => list(system.tasks(secret)));
    const refused = await list(other.tasks(secret));
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
    expect(refused.headers.get('x-ratelimit-limit-requests')).toBe('100');
    expect(Number(refused.headers.get('x-ratelimit-remaining-requests'))).toBeGreaterThan(80);
    expect(refused.headers.get('x-ratelimit-reset-requests')).toMatch(/^(\d+(\.\d+)?s|1m0s)$/);
    expect(await refused.json()).toMatchObject({ error: { code: 'rate_limit_exceeded' } });
    expect(await Promise.all(running.map(statusOf))).toEqual([200, 200]);
    expect(await statusOf(list(other.tasks(secret)))).toBe(200);
  });
});

describe('while the token pool does not answer', () => {
  it('a gateway without keys of its own serves nobody openly; one with keys serves them', async () => {
    const { secret } = await makeKey();
    system.kill('token-pool', 'SIGSTOP');
    const [bare, configured] = [
      await system.startGateway(),
      await system.startGateway({ API_KEYS: 'alice:alice-secret-1' }),
    ];
    try {
      for (const client of [bare.tasks(), bare.tasks(secret), configured.tasks(secret)]) {
        const answer = await list(client);
        expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
      }
      expect(await statusOf(fetch(`${bare.baseUrl}/readyz`))).toBe(503);
      expect(await statusOf(list(configured.tasks('alice-secret-1')))).toBe(200);
      expect(await statusOf(list(configured.tasks()))).toBe(401);
      const elsewhere = await admin.request('GET', '/admin/api/client-keys');
      expect([elsewhere.status, elsewhere.headers.get('retry-after')]).toEqual([503, '2']);
      // What was known before goes on.
      expect(await statusOf(list(system.tasks(secret)))).toBe(200);
    } finally {
      system.kill('token-pool', 'SIGCONT');
    }
    for (const gateway of [bare, configured]) {
      await untilStatus(200, () => list(gateway.tasks(secret)));
      expect(await statusOf(list(gateway.tasks()))).toBe(401);
    }
  });
});

describe('secrets', () => {
  it('are in no line of the log', () => {
    const log = JSON.stringify(system.logLines()) + system.output;
    for (const secret of [...secrets, ADMIN_KEY]) expect(log).not.toContain(secret);
  });
});

// Last: this address is not listened to any more.
describe('an address that guesses', () => {
  it('is not listened to after ten wrong admin keys in a minute, whatever it sends', async () => {
    for (let i = 0; i < 10; i++) await system.tasks(`wrong-admin-key-${i}`).request('GET', '/admin/api/credentials');
    const answer = await admin.request('GET', '/admin/api/credentials');
    expect([answer.status, Number(answer.headers.get('retry-after')) > 0]).toEqual([429, true]);
  });
});
