import { startTestProxy, type TaskClient, TestSystem } from '@grok2api/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ADMIN_KEY = 'admin-key-of-the-credential-tests';
const SECRETS_BEGIN = 'xai-secret-';
const PATH = '/admin/api/credentials';

interface Credential {
  id: string;
  label: string;
  last4: string;
  state: string;
  [field: string]: unknown;
}

let system: TestSystem;
let admin: TaskClient;
/** Every reply of the admin API, and every secret that was sent to it. */
const replies: string[] = [];
const secrets: string[] = [];

beforeAll(async () => {
  system = await TestSystem.start({ env: { ADMIN_KEY } });
  admin = system.tasks(ADMIN_KEY);
});
afterAll(async () => {
  await system?.stop();
});

async function ask(method: string, path: string, body?: object): Promise<{ status: number; body: unknown }> {
  const answer = await admin.request(method, PATH + path, body);
  const text = await answer.text();
  replies.push(text);
  return { status: answer.status, body: JSON.parse(text) };
}

async function send(path: string, contentType: string, text: string): Promise<{ status: number; body: unknown }> {
  const headers = { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': contentType };
  const answer = await fetch(system.baseUrl + PATH + path, { method: 'POST', headers, body: text });
  const reply = await answer.text();
  replies.push(reply);
  return { status: answer.status, body: JSON.parse(reply) };
}

function newSecret(): string {
  const secret = `${SECRETS_BEGIN}${secrets.length.toString().padStart(6, '0')}-${Math.random().toString(36).slice(2)}`;
  secrets.push(secret);
  return secret;
}

async function add(fields: object = {}): Promise<Credential> {
  const { status, body } = await ask('POST', '', { secret: newSecret(), ...fields });
  expect(status).toBe(201);
  return body as Credential;
}

/** All pages of a list. */
async function listAll(query: Record<string, string>): Promise<Credential[]> {
  const all: Credential[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const parameters = new URLSearchParams({ ...query, ...(cursor ? { cursor } : {}) });
    const { status, body } = await ask('GET', `?${parameters}`);
    expect(status).toBe(200);
    const page = body as { data: Credential[]; next_cursor: string | null };
    all.push(...page.data);
    cursor = page.next_cursor;
  }
  return all;
}

describe('credentials', () => {
  it('are listed, that of the environment too, by their last four characters', async () => {
    const { status, body } = await ask('GET', '');
    expect([status, body]).toEqual([
      200,
      {
        data: [
          {
            id: expect.stringMatching(/^cred_[0-9a-f]{32}$/),
            label: '',
            last4: '-key',
            source: 'environment',
            base_url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/v1$/),
            enabled: true,
            state: 'ok',
            proxy_url: null,
            priority: 0,
            max_concurrency: 0,
            requests_per_second: 0,
            monthly_budget_usd: null,
            in_use: expect.any(Number),
            created_at: expect.stringMatching(/Z$/),
            last_used_at: expect.toSatisfy((at) => at === null || /Z$/.test(at)),
            models: [],
          },
        ],
        next_cursor: null,
      },
    ]);
  });

  it('are added, changed, disabled and enabled', async () => {
    const added = await add({
      label: '备用',
      priority: -5,
      max_concurrency: 3,
      requests_per_second: 2,
      monthly_budget_usd: 20,
    });
    expect(added).toMatchObject({
      label: '备用',
      priority: -5,
      max_concurrency: 3,
      requests_per_second: 2,
      monthly_budget_usd: 20,
      state: 'ok',
    });
    expect(added).toMatchObject({ source: 'admin', last4: secrets.at(-1)?.slice(-4) });
    const path = `/${added.id}`;
    const changes = {
      label: '新的',
      base_url: 'http://127.0.0.1:9/v1/',
      priority: 7,
      requests_per_second: 0,
      monthly_budget_usd: null,
    };
    const changed = { ...added, ...changes, base_url: 'http://127.0.0.1:9/v1' };
    expect(await ask('PATCH', path, changes)).toEqual({ status: 200, body: changed });
    const disabled = { ...changed, enabled: false, state: 'disabled' };
    expect(await ask('POST', `${path}/disable`)).toEqual({ status: 200, body: disabled });
    expect(await listAll({ state: 'disabled' })).toEqual([disabled]);
    expect(await listAll({ enabled: 'false' })).toEqual([disabled]);
    expect(await ask('POST', `${path}/enable`)).toEqual({ status: 200, body: changed });
    expect(await ask('PATCH', path, { enabled: false })).toEqual({ status: 200, body: disabled });
    expect(await ask('POST', `${path}/clear-cooling`)).toEqual({ status: 200, body: disabled });
    expect((await ask('DELETE', path)).status).toBe(200);
  });

  it('go through a proxy of their own, whose password is shown to nobody', async () => {
    const proxy = await startTestProxy(Number(new URL(system.simulator.url).port));
    const base_url = 'http://upstream.example:8080/v1';
    const proxy_url = proxy.url.replace('//', '//user:xai-secret-of-the-proxy@');
    secrets.push('xai-secret-of-the-proxy');
    const { id } = await add({ base_url, proxy_url });
    const authorization = `Basic ${Buffer.from('user:xai-secret-of-the-proxy').toString('base64')}`;
    const tested = await ask('POST', `/${id}/test`);
    expect(tested).toMatchObject({ status: 200, body: { usable: true, credential: { proxy_url: proxy.url } } });
    expect(proxy.asked).toContainEqual({ target: 'upstream.example:8080', authorization });

    const direct = { base_url: `${system.simulator.url}/v1`, proxy_url: null };
    expect(await ask('PATCH', `/${id}`, direct)).toMatchObject({ status: 200, body: { proxy_url: null } });
    await proxy.close();
    expect(await ask('POST', `/${id}/test`)).toMatchObject({ body: { usable: true, credential: { proxy_url: null } } });
    await ask('DELETE', `/${id}`);
    // It comes back with what it is added with.
    const again = { secret: secrets.at(-1), proxy_url: 'http://user:xai-secret-of-the-proxy@127.0.0.1:9' };
    expect(await ask('POST', '', again)).toMatchObject({ body: { id, proxy_url: 'http://127.0.0.1:9' } });
    expect(await ask('POST', `/${id}/test`)).toMatchObject({ body: { usable: false, reason: 'transient' } });
    await ask('DELETE', `/${id}`);
  });

  it('are found to be there by their secret, without repeating it', async () => {
    const { id } = await add();
    const again = await ask('POST', '', { secret: secrets.at(-1), label: 'again' });
    expect(again).toMatchObject({ status: 409, body: { error: { code: 'duplicate_credential' } } });
    expect(JSON.stringify(again.body)).toContain(id);
    await ask('DELETE', `/${id}`);
  });

  it('that are deleted are gone from the list, and come back with their secret', async () => {
    const { id, ...fields } = await add({ label: 'first' });
    expect(await ask('DELETE', `/${id}`)).toMatchObject({ status: 200, body: { state: 'deleted', enabled: false } });
    expect((await listAll({})).map((each) => each.id)).not.toContain(id);
    expect((await listAll({ state: 'deleted' })).map((each) => each.id)).toContain(id);
    for (const [method, path] of [
      ['PATCH', `/${id}`],
      ['DELETE', `/${id}`],
      ['POST', `/${id}/enable`],
      ['POST', `/${id}/clear-cooling`],
    ] as const) {
      const body = method === 'PATCH' ? { label: 'x' } : undefined;
      expect(await ask(method, path, body)).toMatchObject({
        status: 404,
        body: { error: { code: 'credential_not_found' } },
      });
    }
    const { body } = await ask('POST', '', { secret: secrets.at(-1), label: 'second' });
    expect(body).toMatchObject({ id, state: 'ok', enabled: true, label: 'second', last4: fields.last4 });
    await ask('DELETE', `/${id}`);
  });

  it('that are not there are 404', async () => {
    for (const [method, path, body] of [
      ['PATCH', '/cred_0', { label: 'x' }],
      ['DELETE', '/cred_0', undefined],
      ['POST', '/cred_0/enable', undefined],
      ['POST', '/cred_0/disable', undefined],
      ['POST', '/cred_0/clear-cooling', undefined],
    ] as const) {
      expect(await ask(method, path, body)).toMatchObject({
        status: 404,
        body: { error: { code: 'credential_not_found' } },
      });
    }
    expect((await ask('GET', '/cred_0')).status).toBe(405);
  });

  it.each<[string, object, string]>([
    ['no secret', {}, 'secret'],
    ['a short secret', { secret: 'tiny' }, 'secret'],
    ['a secret with a blank', { secret: 'three words together' }, 'secret'],
    ['a secret of another type', { secret: 123456789012 }, 'secret'],
    ['a base URL that is none', { secret: 'x'.repeat(20), base_url: 'nowhere' }, 'base_url'],
    ['a base URL of another protocol', { secret: 'x'.repeat(20), base_url: 'ftp://host/v1' }, 'base_url'],
    ['a proxy of another protocol', { secret: 'x'.repeat(20), proxy_url: 'socks5://tiny@host:1' }, 'proxy_url'],
    ['a proxy with a path', { secret: 'x'.repeat(20), proxy_url: 'http://u:tiny@host/path' }, 'proxy_url'],
    ['a proxy with a bad escape', { secret: 'x'.repeat(20), proxy_url: 'http://u:tiny%zz@host' }, 'proxy_url'],
    ['half a priority', { secret: 'x'.repeat(20), priority: 0.5 }, 'priority'],
    ['a negative concurrency', { secret: 'x'.repeat(20), max_concurrency: -1 }, 'max_concurrency'],
    ['half a request a second', { secret: 'x'.repeat(20), requests_per_second: 0.5 }, 'requests_per_second'],
  ])('are not added with %s', async (_name, body, param) => {
    const answer = await ask('POST', '', body);
    expect(answer).toMatchObject({ status: 400, body: { error: { param } } });
    expect(JSON.stringify(answer.body)).not.toMatch(/tiny|words|123456789012|nowhere|ftp:/);
  });

  it('are listed only as can be', async () => {
    for (const query of [
      'limit=501',
      'limit=x',
      'state=unknown',
      'sort=secret',
      'order=up',
      'enabled=maybe',
      'cursor=!',
    ]) {
      expect((await ask('GET', `?${query}`)).status).toBe(400);
    }
    await add({ label: 'a' });
    await add({ label: 'b' });
    const { body } = await ask('GET', '?sort=label&limit=1');
    const cursor = (body as { next_cursor: string }).next_cursor;
    expect((await ask('GET', `?sort=priority&cursor=${cursor}`)).status).toBe(400);
  });
});

describe('an import', () => {
  it('takes lines, CSV and JSON, and reports on each line', async () => {
    const [one, two] = [newSecret(), newSecret()];
    const lines = `# my keys\r\n${one}\r\n\r\n  ${two}\r\nbad key\r\n${one}\r\n`;
    expect(await send('/import', 'text/plain; charset=utf-8', lines)).toMatchObject({
      status: 200,
      body: {
        ...{ added: 2, restored: 0, duplicate: 1, invalid: 1 },
        data: [
          { line: 2, status: 'added', id: expect.stringMatching(/^cred_/) },
          { line: 4, status: 'added' },
          { line: 5, status: 'invalid', message: expect.stringMatching(/secret/) },
          { line: 6, status: 'duplicate', id: expect.stringMatching(/^cred_/) },
        ],
      },
    });

    const csv = `﻿label,secret,priority,requests_per_second\n"a, ""b""",${newSecret()},5,7\n,${newSecret()},high,\n,${one},,1\n`;
    expect(await send('/import', 'text/csv', csv)).toMatchObject({
      status: 200,
      body: {
        data: [
          { line: 2, status: 'added' },
          { line: 3, status: 'invalid', message: expect.stringMatching(/priority/) },
          { line: 4, status: 'duplicate' },
        ],
      },
    });
    expect(await listAll({ search: 'A, "B"' })).toMatchObject([
      { label: 'a, "b"', priority: 5, requests_per_second: 7 },
    ]);

    const json = [newSecret(), { secret: newSecret(), label: 'json' }, { label: 'none' }, 7, two];
    const wanted = { added: 2, restored: 0, duplicate: 1, invalid: 2 };
    expect(await send('/import', 'application/json', JSON.stringify(json))).toMatchObject({
      status: 200,
      body: wanted,
    });
    const again = await send('/import', 'application/json', JSON.stringify({ credentials: json }));
    expect(again).toMatchObject({ status: 200, body: { added: 0, duplicate: 3, invalid: 2 } });
  });

  it('of what cannot be read is refused as a whole, and nothing of it is repeated', async () => {
    for (const [type, text, status] of [
      ['application/json', `["${newSecret()}", ${newSecret()}]`, 400],
      ['application/json', '{"secrets": []}', 400],
      ['application/json', '[]', 400],
      ['text/csv', `label,key\na,${newSecret()}\n`, 400],
      ['text/csv', `secret\n"${newSecret()}\n`, 400],
      ['text/plain', '', 400],
      ['application/xml', `<key>${newSecret()}</key>`, 415],
    ] as const) {
      expect([text, (await send('/import', type, text)).status]).toEqual([text, status]);
    }
    const broken = await send('', 'application/json', `{"secret": "${newSecret()}" "label": 1}`);
    expect(broken).toMatchObject({ status: 400, body: { error: { code: 'invalid_json' } } });
    expect((await ask('GET', '/import')).status).toBe(405);
  });

  it('of 10,000 takes less than ten seconds, and lists stay fast and whole', async () => {
    const lines = Array.from({ length: 10_000 }, () => newSecret());
    const begun = performance.now();
    const { status, body } = await send('/import', 'text/plain', lines.join('\n'));
    const ms = performance.now() - begun;
    expect([status, body]).toMatchObject([200, { added: 10_000 }]);
    expect(ms).toBeLessThan(10_000);

    for (const query of [{ sort: 'created_at' }, { sort: 'last_used_at', order: 'desc' }, { sort: 'label' }]) {
      const all = await listAll({ limit: '500', ...query });
      expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
      expect(all.length).toBeGreaterThan(10_000);
    }
    const times: number[] = [];
    for (let i = 0; i < 20; i++) {
      const asked = performance.now();
      await ask('GET', '?limit=50');
      times.push(performance.now() - asked);
    }
    // From end to end, on a machine that does other things too.
    expect(times.sort((a, b) => a - b)[10]).toBeLessThan(100);
  });
});

describe('secrets', () => {
  it('are in no reply and in no line of the log', () => {
    const text = replies.join() + JSON.stringify(system.logLines()) + system.output;
    expect(secrets.every((secret) => secret.startsWith(SECRETS_BEGIN))).toBe(true);
    for (const secret of [SECRETS_BEGIN, 'simulator-key', ADMIN_KEY]) expect(text).not.toContain(secret);
  });
});
