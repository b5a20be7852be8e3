import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ReceivedCallback, Receiver, type TaskClient, TestSystem } from '@grok2api/testkit';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const ADMIN_KEY = 'admin-key-of-the-callback-tests';
const PATH = '/admin/api/callbacks';

interface ShownCallback {
  id: string;
  task_id: string;
  owner: string;
  state: string;
  attempts: number;
  attempt_log: { status: number | null; error: string | null; answer: string | null }[];
  payload: Record<string, unknown>;
  [field: string]: unknown;
}

let system: TestSystem;
let admin: TaskClient;
/** A client key from the settings, and one that an administrator made. */
let alice: TaskClient;
let made: TaskClient;
let madeId: string;
let receiver: Receiver;

beforeAll(async () => {
  system = await TestSystem.start({
    env: { ADMIN_KEY, API_KEYS: 'alice:alice-secret', FETCH_ALLOW: '127.0.0.0/8', SIMULATOR_VIDEO_MS: '500' },
  });
  admin = system.tasks(ADMIN_KEY);
  alice = system.tasks('alice-secret');
  const answer = await admin.request('POST', '/admin/api/client-keys', { name: 'made' });
  const { id, secret } = (await answer.json()) as { id: string; secret: string };
  madeId = id;
  made = system.tasks(secret);
});

afterAll(async () => {
  await system?.stop();
});

beforeEach(async () => {
  receiver = await Receiver.start();
});

afterEach(() => receiver.stop());

async function end(client: TaskClient): Promise<string> {
  const id = await client.create('never:done', { callback_url: receiver.url() });
  await client.request('DELETE', `/v1/video/tasks/${id}`);
  return id;
}

async function get(
  path: string,
): Promise<{ status: number; body: { data: ShownCallback[]; next_cursor: string | null } }> {
  const answer = await admin.request('GET', path);
  return { status: answer.status, body: (await answer.json()) as never };
}

const idOf = (taskId: string) => taskId.replace('task_', 'msg_');

/** Reads a callback until it is in that state. */
async function until(taskId: string, state: string): Promise<ShownCallback> {
  let shown: ShownCallback | undefined;
  await expect
    .poll(
      async () => {
        shown = (await (await admin.request('GET', `${PATH}/${idOf(taskId)}`)).json()) as ShownCallback;
        return shown.state;
      },
      { timeout: 20_000 },
    )
    .toBe(state);
  if (!shown) throw new Error('it was not shown');
  return shown;
}

function verifies({ body, headers }: ReceivedCallback, secret: string): boolean {
  const texts = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
  try {
    new Webhook(secret).verify(body, texts);
    return true;
  } catch {
    return false;
  }
}

describe('the callbacks of the admin API', () => {
  it('are listed, the latest first, in pages, and by state, owner and task', async () => {
    receiver.answer = (response, { body }) => response.writeHead(body.includes('"prompt"') ? 410 : 500).end();
    const ids = [await end(alice), await end(made), await end(alice)];
    for (const id of ids) await until(id, 'gone');
    const list = async (query: string) => (await get(`${PATH}?${query}`)).body.data.map(({ task_id }) => task_id);
    expect(await list('state=gone')).toEqual(ids.toReversed());
    expect(await list('state=pending')).toEqual([]);
    expect(await list('owner=alice')).toEqual([ids[2], ids[0]]);
    expect(await list(`owner=${madeId}`)).toEqual([ids[1]]);
    expect(await list(`task=${ids[0]}`)).toEqual([ids[0]]);
    const first = await get(`${PATH}?limit=2`);
    expect(first.body.data.map(({ task_id }) => task_id)).toEqual([ids[2], ids[1]]);
    const second = await get(`${PATH}?limit=2&cursor=${first.body.next_cursor}`);
    expect(second.body).toMatchObject({ data: [{ task_id: ids[0] }], next_cursor: null });
    expect(second.body.data[0]).toEqual({
      id: idOf(ids[0] ?? ''),
      task_id: ids[0],
      owner: 'alice',
      url: receiver.url(),
      state: 'gone',
      attempts: 1,
      ended_at: expect.stringMatching(/Z$/),
      next_attempt_at: null,
      settled_at: expect.stringMatching(/Z$/),
    });
  });

  it('are shown with what is posted and with their attempts, and are sent again', async () => {
    receiver.answer = (response, _received, nth) => response.writeHead(nth === 1 ? 410 : 200).end('不要了');
    const id = await end(alice);
    const gone = await until(id, 'gone');
    expect(gone.attempt_log).toMatchObject([{ status: 410, error: null, answer: '不要了' }]);
    expect(gone.payload).toMatchObject({ type: 'video.task.cancelled', task_id: id });

    const sent = await admin.request('POST', `${PATH}/${idOf(id)}/send`);
    expect(sent.status).toBe(202);
    expect(await sent.json()).toMatchObject({ id: idOf(id) });
    const delivered = await until(id, 'delivered');
    expect(delivered).toMatchObject({ attempts: 2, attempt_log: [{ status: 410 }, { status: 200 }] });
    const [first, second] = await receiver.until(2);
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
    expect(second?.body).toBe(first?.body);
  });

  it('are for the administrator alone', async () => {
    for (const [method, path] of [
      ['GET', PATH],
      ['GET', `${PATH}/msg_0`],
      ['POST', `${PATH}/msg_0/send`],
    ] as const) {
      for (const client of [system.tasks(), alice, made]) {
        expect((await client.request(method, path)).status).toBe(401);
      }
      expect((await admin.request('DELETE', path)).status).toBe(405);
    }
  });

  it.each([
    ['GET', `${PATH}?state=lost`, 400, 'invalid_value'],
    ['GET', `${PATH}?limit=0`, 400, 'invalid_value'],
    ['GET', `${PATH}?cursor=nonsense`, 400, 'invalid_value'],
    ['GET', `${PATH}?owner=a&owner=b`, 400, 'invalid_type'],
    ['GET', `${PATH}/msg_unknown`, 404, 'callback_not_found'],
    ['POST', `${PATH}/msg_unknown/send`, 404, 'callback_not_found'],
    ['GET', `${PATH}/%00`, 404, 'callback_not_found'],
  ])('answer %s %s with %i', async (method, path, status, code) => {
    const answer = await admin.request(method, path);
    expect([answer.status, await answer.json()]).toMatchObject([status, { error: { code } }]);
  });
});

describe('a webhook secret of a client key', () => {
  async function replaceSecret(): Promise<string> {
    const answer = await admin.request('POST', `/admin/api/client-keys/${madeId}/webhook-secret`);
    expect(answer.status).toBe(200);
    const body = (await answer.json()) as { id: string; webhook_secret: string };
    expect(body.id).toBe(madeId);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    return body.webhook_secret;
  }

  it('signs the callbacks of that key, at first along with the one before; others are signed as ever', async () => {
    const general = (await readFile(join(system.dataDir, 'callback.secret'), 'utf8')).trim();
    const first = await replaceSecret();
    await end(made);
    const [one] = await receiver.until(1);
    if (!one) throw new Error('nothing came');
    expect([verifies(one, first), verifies(one, general)]).toEqual([true, false]);

    const second = await replaceSecret();
    expect(second).not.toBe(first);
    await end(made);
    await end(alice);
    const received = await receiver.until(3);
    const byOwner = received.slice(1).map((each) => [second, first, general].map((secret) => verifies(each, secret)));
    expect(byOwner.toSorted()).toEqual([
      [false, false, true],
      [true, true, false],
    ]);
    const listed = JSON.stringify(await get('/admin/api/client-keys'));
    for (const secret of [first, second]) {
      expect(listed).not.toContain(secret);
      expect(JSON.stringify(system.logLines())).not.toContain(secret);
    }
  });

  it('is not made for a key that there is not', async () => {
    const answer = await admin.request('POST', `/admin/api/client-keys/key_${'0'.repeat(32)}/webhook-secret`);
    expect([answer.status, await answer.json()]).toMatchObject([404, { error: { code: 'client_key_not_found' } }]);
    const headers = { 'idempotency-key': 'one' };
    const kept = await admin.request('POST', `/admin/api/client-keys/${madeId}/webhook-secret`, undefined, headers);
    expect(kept.status).toBe(400);
  });
});
