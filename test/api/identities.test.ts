import { type SystemOnServers, startOnServers, type TestGateway } from '@grok2api/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { API_ROUTES, type ApiRoute } from '../../packages/contracts/src/index.js';
import { pictureFile } from '../e2e/support/picture.js';
import { replyFaults, routeNamed } from './support/api-document.js';
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

/** Everything that nobody needs a key for, by the contract: the table may not say so of anything else. */
const OPEN: Record<'public' | 'capability', string[]> = {
  public: [
    ...['getFile', 'getHealth', 'getLiveness', 'getReadiness', 'getOpenApi', 'getDocs', 'getDocsFile'],
    ...['getConsole', 'getConsolePage', 'getConsoleFile', 'getConsoleSession', 'signIn', 'signOut'],
  ],
  capability: ['Video', 'Image'].flatMap((kind) => [`get${kind}Task`, `get${kind}TaskResult`, `stream${kind}Task`]),
};

let servers: SystemOnServers;
/** One that asks for a key also where one task is read. */
let strict: TestGateway;
let keys: Record<Identity, string | undefined>;
let picture: Buffer;
let file: string;
/** Addresses that requests seem to come from: one from which wrong admin keys come is not listened to for a while. */
let addresses = 0;

beforeAll(async () => {
  const env = { API_KEYS: `alice:${ALICE},bob:bob-secret-22`, ADMIN_KEY: ADMIN, TRUST_PROXY: 'true' };
  servers = await startOnServers({ env });
  strict = await servers.system.startGateway({ TASK_READS_REQUIRE_KEY: 'true' });
  picture = await pictureFile({ width: 40, height: 30, color: 'red' });
  file = await consoleFile(servers.system.baseUrl);
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
  await servers?.stop();
});

interface At {
  baseUrl: string;
}

function ask(route: ApiRoute, key: string | undefined, call: Call = {}, at: At = servers.system): Promise<Response> {
  const authorization: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };
  addresses++;
  const from = `10.0.${addresses >> 8}.${addresses & 255}`;
  return send(at.baseUrl, route, {
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

interface Task {
  id: string;
  kind: 'Video' | 'Image';
}

/** Makes a task of Alice's that does not end by itself. */
async function herTask(kind: Task['kind']): Promise<Task> {
  const id = await (kind === 'Video'
    ? servers.system.tasks(ALICE).create('never:done')
    : servers.system.imageTasks(ALICE).create('slow:100000'));
  return { id, kind };
}

async function statusOf({ id, kind }: Task): Promise<string> {
  const answer = await ask(routeNamed(`get${kind}Task`), ALICE, { params: { task_id: id } });
  return String(((await answer.json()) as { status?: string }).status);
}

/** Bodies that a route takes; every other gets an empty object, which it may refuse. */
const BODIES: Record<string, () => Call> = {
  createChatCompletion: () => ({ body: { model: 'grok-2', messages: [{ role: 'user', content: 'tokens:1' }] } }),
  createImage: () => ({ body: { prompt: 'x' } }),
  createImageEdit: () => ({ body: pictureForm('image', picture, { prompt: 'x' }) }),
  createVideoTask: () => ({ body: { model: 'grok-imagine-1.0-video', prompt: 'x' } }),
  getConsoleFile: () => ({ params: { file } }),
  createVideoGeneration: () => ({ body: { model: 'grok-imagine-1.0-video', prompt: 'x' } }),
  createImageTask: () => ({ body: { model: 'grok-imagine-1.0', prompt: 'x' } }),
  uploadPicture: () => ({ body: pictureForm('file', picture) }),
};

const IDENTITIES: Identity[] = ['nobody', 'wrong key', 'revoked key', 'admin', 'alice', 'bob'];

/** What the code of an error means; every other reply is that of a request that was let through. */
const GIVEN: Record<string, Verdict> = { invalid_api_key: 'refused', task_not_found: 'theirs' };

function codeOf(text: string): string {
  const body: unknown = text.startsWith('{"error"') ? JSON.parse(text) : {};
  return (body as { error?: { code: string } }).error?.code ?? '';
}

const ROUTES = API_ROUTES.map((route) => [route.method, route.path, route] as const);
/** The same under its other address: every route but those of the administrator and the console answers with and without `/v1`. */
function spellings(route: ApiRoute): ApiRoute[] {
  if (route.access === 'admin' || route.path.startsWith('/console')) return [route];
  return [route, { ...route, path: route.path.startsWith('/v1') ? route.path.slice(3) : `/v1${route.path}` }];
}

it('nothing is open but what the contract says', () => {
  for (const [access, operations] of Object.entries(OPEN)) {
    const open = API_ROUTES.filter((route) => route.access === access).map(({ operationId }) => operationId);
    expect(open.sort()).toEqual(operations.sort());
  }
  expect(API_ROUTES.filter(({ path }) => path.startsWith('/admin')).every(({ access }) => access === 'admin')).toBe(
    true,
  );
});

describe.each(ROUTES)('%s %s', (_method, _path, route) => {
  const kind = route.tag.startsWith('Image') ? 'Image' : 'Video';
  const isList = /^list(Video|Image)Tasks$/.test(route.operationId);
  const isBulk = /^delete(All)?(Video|Image)Tasks/.test(route.operationId);
  const namesTask = route.path.includes('{task_id}');

  /** Sends what is good of a client, about a task of Alice's, and judges the reply. */
  async function verdictOf(spelled: ApiRoute, identity: Identity, at?: At): Promise<Verdict> {
    const task = namesTask || isBulk || isList ? await herTask(kind) : undefined;
    const task_id = task?.id ?? '';
    const status = task ? await statusOf(task) : '';
    const standard = route.body ? { body: isBulk ? { task_ids: [task_id] } : {} } : {};
    const params = { task_id, status, file: 'init.js', model: 'grok-4' };
    const call = { params, ...(BODIES[route.operationId]?.() ?? standard) };

    const answer = await ask(spelled, keys[identity], call, at);
    const isJson = answer.headers.get('content-type')?.startsWith('application/json');
    if (!isJson) {
      await answer.body?.cancel();
      expect(answer.status).toBeLessThan(400);
      return 'allowed';
    }
    expect([identity, await replyFaults(route, answer.clone())]).toEqual([identity, []]);
    const text = await answer.text();
    expect(codeOf(text)).not.toMatch(/route_not_found|not_allowed/);
    expect([answer.status < 500, answer.status === 401]).toEqual([true, codeOf(text) === 'invalid_api_key']);
    if (task && identity !== 'alice') {
      expect(['pending', 'running']).toContain(await statusOf(task));
      if (identity !== 'nobody') expect(text).not.toContain(task.id);
      if (route.body && answer.ok) expect(text).toContain('"count":0');
    }
    return GIVEN[codeOf(text)] ?? 'allowed';
  }

  it.each(IDENTITIES)('to %s is as it should be, under each of its addresses', async (identity) => {
    const wanted = identity === 'bob' && namesTask ? 'theirs' : VERDICTS[route.access][identity];
    const verdicts = spellings(route).map(async (spelled) => [spelled.path, await verdictOf(spelled, identity)]);
    expect(await Promise.all(verdicts)).toEqual(spellings(route).map(({ path }) => [path, wanted]));
  });

  if (route.access === 'capability') {
    it('is read by nobody without a key where reading wants one', async () => {
      const verdicts = IDENTITIES.map(
        async (identity) => [identity, await verdictOf(route, identity, strict)] as const,
      );
      const wanted = { ...VERDICTS.capability, nobody: 'refused' };
      expect(Object.fromEntries(await Promise.all(verdicts))).toEqual(wanted);
    });
  }
});
