import { TestSystem } from '@grok2api/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { API_ROUTES, type ApiRoute } from '../../packages/contracts/src/index.js';
import { pictureFile } from '../e2e/support/picture.js';
import { routeNamed } from './support/api-document.js';
import { type Call, pictureForm, send } from './support/calls.js';
import { consoleFile } from './support/console-file.js';

const ALICE = 'alice-secret-1';
const ADMIN = 'admin-secret-1';

type Identity = 'nobody' | 'wrong key' | 'revoked key' | 'admin' | 'alice' | 'bob';
/** `theirs`: what the request names belongs to somebody else, so that it is not there. */
type Verdict = 'allowed' | 'refused' | 'theirs';

const VERDICTS: Record<ApiRoute['access'], Record<Identity, Verdict>> = {
  public: {
    nobody: 'allowed',
    'wrong key': 'refused',
    'revoked key': 'refused',
    admin: 'refused',
    alice: 'allowed',
    bob: 'allowed',
  },
  capability: {
    nobody: 'allowed',
    'wrong key': 'refused',
    'revoked key': 'refused',
    admin: 'refused',
    alice: 'allowed',
    bob: 'theirs',
  },
  key: {
    nobody: 'refused',
    'wrong key': 'refused',
    'revoked key': 'refused',
    admin: 'refused',
    alice: 'allowed',
    bob: 'allowed',
  },
  admin: {
    nobody: 'refused',
    'wrong key': 'refused',
    'revoked key': 'refused',
    admin: 'allowed',
    alice: 'refused',
    bob: 'refused',
  },
};

let system: TestSystem;
let keys: Record<Identity, string | undefined>;
let picture: Buffer;
let file: string;
/** Addresses that requests seem to come from: one from which wrong admin keys come is not listened to for a while. */
let addresses = 0;

beforeAll(async () => {
  const env = { API_KEYS: `alice:${ALICE},bob:bob-secret-22`, ADMIN_KEY: ADMIN, TRUST_PROXY: 'true' };
  system = await TestSystem.start({ env });
  picture = await pictureFile({ width: 40, height: 30, color: 'red' });
  file = await consoleFile(system.baseUrl);
  keys = {
    nobody: undefined,
    'wrong key': 'nobody-s-secret',
    'revoked key': await revokedKey(),
    admin: ADMIN,
    alice: ALICE,
    bob: 'bob-secret-22',
  };
});
afterAll(async () => {
  await system?.stop();
});

function ask(route: ApiRoute, key: string | undefined, call: Call = {}): Promise<Response> {
  const authorization: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };
  addresses++;
  const from = `10.0.${addresses >> 8}.${addresses & 255}`;
  return send(system.baseUrl, route, {
    ...call,
    headers: { ...authorization, 'x-forwarded-for': from, ...call.headers },
  });
}

async function revokedKey(): Promise<string> {
  const made = await ask(routeNamed('createClientKey'), ADMIN, { body: { name: 'carol' } });
  const { id, secret } = (await made.json()) as { id: string; secret: string };
  const revoked = await ask(routeNamed('revokeClientKey'), ADMIN, { params: { id } });
  expect(revoked.status).toBe(200);
  return secret;
}

/** Makes a task of Alice's that does not end by itself. */
async function herTask(kind: 'Video' | 'Image'): Promise<string> {
  const [create, body] =
    kind === 'Video'
      ? (['createVideoTask', { model: 'grok-imagine-1.0-video', prompt: 'never:done' }] as const)
      : (['createImageTask', { model: 'grok-imagine-1.0', prompt: 'slow:100000' }] as const);
  const made = (await (await ask(routeNamed(create), ALICE, { body })).json()) as {
    task_id?: string;
    data?: { taskId: string };
  };
  const task_id = made.task_id ?? made.data?.taskId ?? '';
  expect(task_id).toMatch(/^task_/);
  return task_id;
}

/** Bodies that a route takes; every other gets an empty object, which it may refuse. */
const BODIES: Record<string, () => Call> = {
  createChatCompletion: () => ({ body: { model: 'grok-2', messages: [{ role: 'user', content: 'tokens:1' }] } }),
  createImage: () => ({ body: { prompt: 'x' } }),
  createImageEdit: () => ({ body: pictureForm('image', picture, { prompt: 'x' }) }),
  createVideoTask: () => ({ body: { model: 'grok-imagine-1.0-video', prompt: 'x' } }),
  getConsoleFile: () => ({ params: { file } }),
  uploadPicture: () => ({ body: pictureForm('file', picture) }),
};

/** What the code of an error means; every other reply is that of a request that was let through. */
const GIVEN: Record<string, Verdict> = { invalid_api_key: 'refused', task_not_found: 'theirs' };

function codeOf(text: string): string {
  const body: unknown = text.startsWith('{"error"') ? JSON.parse(text) : {};
  return (body as { error?: { code: string } }).error?.code ?? '';
}

/** A task of Alice's that somebody else has named is as it was. */
async function expectUntouched(kind: 'Video' | 'Image', task_id: string): Promise<void> {
  const answer = await ask(routeNamed(`get${kind}Task`), ALICE, { params: { task_id } });
  const { status } = (await answer.json()) as { status?: string };
  expect(['pending', 'running']).toContain(status);
}

const ROUTES = API_ROUTES.map((route) => [route.method, route.path, route] as const);

describe.each(ROUTES)('%s %s', (_method, _path, route) => {
  const kind = route.tag.startsWith('Image') ? 'Image' : 'Video';
  const namesTask = route.path.includes('{task_id}');
  const isBulk = /^delete(All)?(Video|Image)Tasks/.test(route.operationId);

  it.each(Object.entries(VERDICTS[route.access]))('to %s is %s', async (identity, verdict) => {
    const key = Object.entries(keys).find(([name]) => name === identity)?.[1];
    const task_id = namesTask || isBulk ? await herTask(kind) : '';
    const standard = route.body ? { body: isBulk ? { task_ids: [task_id] } : {} } : {};
    const call = {
      params: { task_id, status: 'pending', file: 'init.js' },
      ...(BODIES[route.operationId]?.() ?? standard),
    };

    const answer = await ask(route, key, call);
    const isJson = answer.headers.get('content-type')?.startsWith('application/json');
    const text = isJson ? await answer.text() : '';
    if (!isJson) await answer.body?.cancel();
    const wanted = identity === 'bob' && namesTask ? 'theirs' : verdict;
    expect([GIVEN[codeOf(text)] ?? 'allowed', text.slice(0, 200)]).toEqual([wanted, text.slice(0, 200)]);
    expect(codeOf(text)).not.toMatch(/route_not_found|not_allowed/);
    expect([answer.status < 500, answer.status === 401]).toEqual([true, wanted === 'refused']);
    if (task_id !== '' && identity !== 'alice') await expectUntouched(kind, task_id);
  });
});
