import { TestSystem } from '@grok2api/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const KEY = 'alice-secret-1';
const PAGE = 'https://app.example.com';
const TASKS = '/v1/video/tasks';

let closed: TestSystem;
let open: TestSystem;
beforeAll(async () => {
  [closed, open] = await Promise.all([
    TestSystem.start({ env: { API_KEYS: `alice:${KEY}`, TRUST_PROXY: 'true' } }),
    TestSystem.start({ env: { CORS_ORIGINS: PAGE } }),
  ]);
});
afterAll(() => Promise.all([closed?.stop(), open?.stop()]));

function send(system: TestSystem, method: string, path: string, headers: Record<string, string>): Promise<Response> {
  return fetch(system.baseUrl + path, { method, headers });
}

describe('with keys', () => {
  it('a page of any origin may ask what it may, and send what it needs', async () => {
    const answer = await send(closed, 'OPTIONS', TASKS, {
      origin: PAGE,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type,idempotency-key',
    });
    expect(answer.status).toBe(204);
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(answer.headers.get('access-control-allow-methods')).toMatch(/POST.*DELETE/);
    expect(answer.headers.get('access-control-allow-headers')).toMatch(/authorization.*idempotency-key/);
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
    expect(Number(answer.headers.get('access-control-max-age'))).toBeGreaterThan(0);
  });

  it.each<[string, number, Record<string, string>]>([
    ['a reply', 200, { authorization: `Bearer ${KEY}` }],
    ['a refusal', 401, {}],
  ])('it may read %s and the headers that matter', async (_name, status, headers) => {
    const answer = await send(closed, 'GET', TASKS, { origin: PAGE, ...headers });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    const exposed = answer.headers.get('access-control-expose-headers')?.toLowerCase();
    for (const name of [
      'x-request-id',
      'x-task-id',
      'location',
      'operation-location',
      'retry-after',
      'idempotent-replayed',
    ]) {
      expect(exposed).toContain(name);
    }
  });

  it('no page may use the admin part', async () => {
    for (const path of ['/admin/api/credentials', '/Admin/api/keys', '/admin']) {
      const asked = await send(closed, 'OPTIONS', path, { origin: PAGE, 'access-control-request-method': 'GET' });
      expect(asked.headers.get('access-control-allow-origin')).toBeNull();
      expect((await send(closed, 'GET', path, { origin: PAGE })).headers.get('access-control-allow-origin')).toBeNull();
    }
  });
});

describe('without keys', () => {
  it.each([
    ['http://localhost:3000', 200],
    [PAGE, 200],
    ['https://evil.example.com', 403],
    ['null', 403],
  ])('a page of %s gets %i', async (origin, status) => {
    const answer = await send(open, 'GET', TASKS, { origin });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('access-control-allow-origin')).toBe(status === 200 ? origin : null);
  });
});

describe('every answer', () => {
  it.each(['/healthz', TASKS, '/nothing'])('of %s tells browsers to make nothing of it', async (path) => {
    const { headers } = await send(closed, 'GET', path, {});
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('SAMEORIGIN');
    expect(headers.get('strict-transport-security')).toBeNull();
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
  });

  it('over https tells them to stay with https', async () => {
    const { headers } = await send(closed, 'GET', '/healthz', { 'x-forwarded-proto': 'https' });
    expect(headers.get('strict-transport-security')).toMatch(/max-age=\d+/);
  });
});
