import { TestSystem } from '@grok2api/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';

const ADMIN = 'admin-secret-1';
const SESSION = '/console/api/session';
const FROM_OWN_PAGE = { 'sec-fetch-site': 'same-origin' };

let system: TestSystem;
/** Addresses that requests seem to come from: one that guesses keys is not listened to for a while. */
let addresses = 0;

beforeAll(async () => {
  system = await TestSystem.start({
    env: { API_KEYS: 'alice:alice-secret-1', ADMIN_KEY: ADMIN, TRUST_PROXY: 'true' },
  });
});
afterAll(async () => {
  await system?.stop();
});

interface Call {
  method?: string;
  body?: object;
  cookie?: string;
  headers?: Record<string, string>;
}

function ask(path: string, { method = 'GET', body, cookie, headers = {} }: Call = {}): Promise<Response> {
  return fetch(system.baseUrl + path, {
    method,
    headers: {
      'x-forwarded-for': `10.1.0.${++addresses}`,
      ...(body ? { 'content-type': 'application/json' } : {}),
      ...(cookie === undefined ? {} : { cookie }),
      ...headers,
    },
    body: body ? JSON.stringify(body) : null,
  });
}

/** Signs in. Resolves to the cookie, as a browser sends it. */
async function signIn(key: string, cookie?: string): Promise<string> {
  const given = cookie === undefined ? {} : { cookie };
  const answer = await ask(SESSION, { method: 'POST', body: { key }, headers: FROM_OWN_PAGE, ...given });
  expect(answer.status).toBe(200);
  return answer.headers.get('set-cookie')?.split(';')[0] ?? '';
}

async function sessionOf(cookie: string): Promise<unknown> {
  return (await ask(SESSION, { cookie, headers: FROM_OWN_PAGE })).json();
}

const statusOf = async (path: string, call: Call) => (await ask(path, call)).status;

it('is a cookie that scripts cannot read, that other sites cannot send, and that tells no key', async () => {
  const answer = await ask(SESSION, { method: 'POST', body: { key: 'alice-secret-1' }, headers: FROM_OWN_PAGE });
  const cookie = answer.headers.get('set-cookie') ?? '';
  expect(cookie).toMatch(/; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Strict$/);
  expect(cookie).not.toContain('alice');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  const { expires_at, ...session } = (await answer.json()) as { expires_at: string };
  expect(session).toEqual({ open: false, client: { id: 'alice', name: 'alice' }, admin: false });
  expect(Date.parse(expires_at) - Date.now()).toBeLessThanOrEqual(3_600_000);
  const overTls = await ask(SESSION, {
    method: 'POST',
    body: { key: 'alice-secret-1' },
    headers: { ...FROM_OWN_PAGE, 'x-forwarded-proto': 'https' },
  });
  expect(overTls.headers.get('set-cookie')).toContain('; Secure');
});

it('lets its holder do what the key may, and nothing else', async () => {
  const hers = await signIn('alice-secret-1');
  const his = await signIn(ADMIN);
  const both = await signIn(ADMIN, hers);
  const CREATE = { method: 'POST', body: { model: 'grok-imagine-1.0-video', prompt: 'x' } };
  for (const [cookie, client, admin] of [
    [hers, 200, 401],
    [his, 401, 200],
    [both, 200, 200],
    ['grok2api_console=AAAA', 401, 401],
    ['', 401, 401],
  ] as const) {
    const headers = FROM_OWN_PAGE;
    expect(await statusOf('/v1/video/tasks', { cookie, headers })).toBe(client);
    expect(await statusOf('/v1/video/tasks', { cookie, headers, ...CREATE })).toBe(client);
    expect(await statusOf('/admin/api/credentials', { cookie, headers })).toBe(admin);
    expect(await statusOf('/admin/api/credentials', { cookie, headers, method: 'POST', body: {} })).toBe(
      admin === 200 ? 400 : admin,
    );
  }
  expect(
    await statusOf('/v1/video/tasks', { cookie: hers, headers: { ...FROM_OWN_PAGE, 'x-api-key': 'wrong-key-1' } }),
  ).toBe(401);
});

it('counts only in requests of pages of this server', async () => {
  const cookie = await signIn('alice-secret-1');
  const own = { origin: system.baseUrl };
  const create = { method: 'POST', cookie, body: { model: 'grok-imagine-1.0-video', prompt: 'x' } };
  expect(await statusOf('/v1/video/tasks', { ...create, headers: own })).toBe(200);
  for (const headers of [
    {},
    { 'sec-fetch-site': 'none' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site', ...own },
    { origin: 'https://elsewhere.example' },
    { origin: 'http://127.0.0.1:1' },
    { origin: 'null' },
  ]) {
    expect([headers, await statusOf('/v1/video/tasks', { ...create, headers })]).toEqual([headers, 401]);
  }
  for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { origin: 'null' }]) {
    expect(await statusOf('/v1/video/tasks', { cookie, headers })).toBe(401);
    expect(await statusOf(SESSION, { method: 'POST', body: { key: ADMIN }, headers })).toBe(403);
    expect(await statusOf(SESSION, { method: 'DELETE', cookie, headers })).toBe(403);
  }
  // An address that was typed in.
  expect(await statusOf('/v1/video/tasks', { cookie, headers: { 'sec-fetch-site': 'none' } })).toBe(200);
});

it('ends with the key, and when its holder signs out', async () => {
  const admin = { authorization: `Bearer ${ADMIN}` };
  const made = await ask('/admin/api/client-keys', { method: 'POST', body: { name: 'Carol' }, headers: admin });
  const { id, secret } = (await made.json()) as { id: string; secret: string };
  const cookie = await signIn(secret);
  expect(await sessionOf(cookie)).toMatchObject({ client: { id, name: 'Carol' }, admin: false });
  expect(await statusOf('/v1/models', { cookie, headers: FROM_OWN_PAGE })).toBe(200);
  await ask(`/admin/api/client-keys/${id}/revoke`, { method: 'POST', headers: admin });
  expect(await statusOf('/v1/models', { cookie, headers: FROM_OWN_PAGE })).toBe(401);
  expect(await sessionOf(cookie)).toEqual({ open: false, client: null, admin: false, expires_at: null });
  expect(await statusOf('/console', { cookie })).toBe(200);

  const signedOut = await ask(SESSION, { method: 'DELETE', cookie, headers: FROM_OWN_PAGE });
  expect([signedOut.status, signedOut.headers.get('set-cookie')]).toEqual([
    204,
    expect.stringContaining('=; Path=/; Expires=Thu, 01 Jan 1970'),
  ]);
});

it('is not given to whoever guesses', async () => {
  const headers = { ...FROM_OWN_PAGE, 'x-forwarded-for': '10.9.9.9' };
  const attempt = (key: string) => ask(SESSION, { method: 'POST', body: { key }, headers });
  for (let nth = 0; nth < 10; nth++) expect((await attempt(`guess-number-${nth}`)).status).toBe(401);
  const refused = await attempt(ADMIN);
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  // The same that guesses at the admin API count for.
  expect(await statusOf('/admin/api/usage', { headers: { ...headers, authorization: `Bearer ${ADMIN}` } })).toBe(429);
});

it.each(['/console/assets', '/console/assets/', '/console/assets/none.js'])('has no page at %s', async (path) => {
  const answer = await ask(path);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([404, 'application/json; charset=utf-8']);
});
