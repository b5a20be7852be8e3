import { TestSystem } from '@grok2api/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { API_ROUTES } from '../../packages/contracts/src/index.js';
import { faultsOf } from './support/api-document.js';

/** Methods that HTTP has, or that clients make up. */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'];

let system: TestSystem;
beforeAll(async () => {
  system = await TestSystem.start();
});
afterAll(async () => {
  await system?.stop();
});

const PATHS = [...new Set(API_ROUTES.map(({ path }) => path))];

const examplePath = (path: string) => path.replace('{status}', 'failed').replace(/\{\w+\}/g, 'x');

/** The methods that the document has for a path. */
function methodsOf(path: string): string[] {
  const own = API_ROUTES.filter((route) => route.path === path).map(({ method }) => method.toUpperCase());
  return own.includes('GET') ? [...own, 'HEAD'] : own;
}

describe.each(PATHS)('%s', (path) => {
  const filled = examplePath(path);
  const plain = filled.replace('/v1/', '/');

  it.each(/^\/(admin|console)\b/.test(path) ? [filled] : [...new Set([filled, plain, `/v1${plain}`])])(
    'has no other methods as %s, and says which it has',
    async (url) => {
      for (const method of METHODS.filter((each) => !methodsOf(path).includes(each))) {
        const answer = await fetch(system.baseUrl + url, { method });
        const allowed = answer.headers.get('allow')?.split(', ').sort();
        expect([method, allowed]).toEqual([method, [...methodsOf(path), 'OPTIONS'].sort()]);
        expect(answer.status).toBe(method === 'OPTIONS' ? 204 : 405);
        const text = await answer.text();
        if (method === 'OPTIONS' || method === 'HEAD') expect(text).toBe('');
        else {
          expect(faultsOf(JSON.parse(text), 'components', 'schemas', 'Error')).toEqual([]);
          expect(JSON.parse(text).error.code).toBe('method_not_allowed');
        }
      }
    },
  );
});

const READABLE = PATHS.filter((path) => methodsOf(path).includes('GET'));

it.each(READABLE)('HEAD of %s is answered as GET, without the body', async (path) => {
  const url = system.baseUrl + examplePath(path);
  const [get, head] = await Promise.all(['GET', 'HEAD'].map((method) => fetch(url, { method })));
  expect(head?.status).toBe(get?.status);
  expect(head?.headers.get('content-type')).toBe(get?.headers.get('content-type'));
  expect(await head?.text()).toBe('');
});

it.each([
  '/',
  '/v1',
  '/v1/',
  '/v2/models',
  '/v1/v1/models',
  '/v1/video',
  '/v1/video/tasks/a/b',
  '/admin',
  '/v1/admin/api/credentials',
  '/admin/api/x',
])('%s is no route, whatever the method', async (path) => {
  for (const method of ['GET', 'POST', 'DELETE', 'PROPFIND']) {
    const answer = await fetch(system.baseUrl + path, { method });
    expect([method, answer.status, (await answer.json()) as object]).toMatchObject([
      method,
      404,
      { error: { code: 'route_not_found', param: null, type: 'invalid_request_error' } },
    ]);
  }
});

it('a slash at the end and other letters make no other route', async () => {
  for (const path of ['/v1/models/', '/V1/Models']) expect((await fetch(system.baseUrl + path)).status).toBe(200);
});
