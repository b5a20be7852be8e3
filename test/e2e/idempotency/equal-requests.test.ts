import { type SystemOnServers, startOnServers, type TestGateway } from '@grok2api/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { mediaFiles } from '../support/media-files.js';
import { pictureFile } from '../support/picture.js';
import { codeOf, isReplay, newKey, reply, type Sent, send } from './support.js';

const VIDEO = { model: 'grok-imagine-1.0-video', prompt: '一只猫' };
const [ALICE, BOB] = ['alice-secret-1', 'bob-secret-22'];

let servers: SystemOnServers;
let gateways: TestGateway[];
let red: Buffer;
let blue: Buffer;
beforeAll(async () => {
  const env = { API_KEYS: `alice:${ALICE},bob:${BOB}`, SIMULATOR_VIDEO_MS: '300', SIMULATOR_IMAGE_MS: '50' };
  servers = await startOnServers({ env });
  gateways = await Promise.all([servers.system.startGateway(), servers.system.startGateway()]);
  red = await pictureFile({ width: 300, height: 200, color: 'red' });
  blue = await pictureFile({ width: 300, height: 200, color: 'blue' });
});
afterEach(() => servers.system.simulator.clearFaults());
afterAll(() => servers?.stop());

/** The nth gateway, round and round. */
function gateway(n: number): TestGateway {
  const found = gateways[n % gateways.length];
  if (!found) throw new Error('there is no gateway');
  return found;
}

const post = (sent: Sent, n = 0) => send(gateway(n), { bearer: ALICE, ...sent });

const form = (prompt: string, ...files: [field: string, bytes: Buffer, name: string][]) => {
  return () => {
    const body = new FormData();
    if (prompt) body.append('prompt', prompt);
    for (const [field, bytes, name] of files) body.append(field, new Blob([new Uint8Array(bytes)]), name);
    return body;
  };
};

const chat = (content: string, more: object = {}): Sent => ({
  path: '/v1/chat/completions',
  body: { model: 'grok-2', messages: [{ role: 'user', content }], ...more },
});

/** How often the upstream was asked to make something. */
const asked = async () => (await servers.system.simulator.log({ method: 'POST' })).length;

describe('fifty equal requests at once over two gateways', () => {
  it.each<[string, Sent]>([
    ['make one video task', { path: '/v1/video/tasks', body: VIDEO }],
    ['make one image task', { path: '/v1/images/generations/async', body: { ...VIDEO, model: 'grok-imagine-1.0' } }],
    ['are one chat completion', chat('tokens:20')],
    ['are one stream', chat('tokens:20', { stream: true })],
    ['are one image', { path: '/v1/images/generations', body: { prompt: 'x', response_format: 'b64_json' } }],
    ['are one video', { path: '/chat/completions', body: { ...chat('一只狗').body, model: VIDEO.model } }],
  ])('%s and get equal replies', async (_name, sent) => {
    const [key, before] = [newKey(), await asked()];
    const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => post({ ...sent, key }, n)));
    expect(answers.filter(isReplay)).toHaveLength(49);
    const replies = new Set((await Promise.all(answers.map(reply))).map((each) => JSON.stringify(each)));
    expect(replies.size).toBe(1);
    expect([...replies].join()).toMatch(/^\{"status":20[02]/);
    await expect.poll(asked, { timeout: 10_000 }).toBe(before + 1);
  });
});

describe('a request that is sent again', () => {
  it.each<[string, number, () => Sent]>([
    ['an edit of files', 1, () => ({ path: '/v1/images/edits', body: form('红', ['image', red, 'a.png']) })],
    ['an upload', 0, () => ({ path: '/v1/video/upload', body: form('', ['file', red, 'a.png']) })],
    ['a video in the async form', 1, () => ({ path: '/v1/video/generations/async', body: VIDEO })],
    ['an image in a chat', 1, () => chat('画', { model: 'grok-imagine-1.0' })],
    ['a streamed image', 1, () => ({ path: '/images/generations', body: { prompt: '流', stream: true } })],
    ['a streamed video', 1, () => chat('拍', { model: VIDEO.model, stream: true })],
    ['what the content policy refused', 1, () => chat('moderated:chat')],
  ])('is replied to as before: %s', async (name, times, sent) => {
    const [key, before] = [newKey(), await asked()];
    const first = await post({ ...sent(), key });
    const made = await reply(first);
    const again = await post({ ...sent(), key }, 1);
    expect([isReplay(first), isReplay(again)]).toEqual([false, true]);
    const replayed = await reply(again);
    if (name === 'a streamed video') {
      // As a finished body: without the progress that there was.
      expect(replayed.body).toContain('<video');
      expect(made.body.endsWith(replayed.body.slice(replayed.body.indexOf('<video')))).toBe(true);
    } else expect(replayed).toEqual(made);
    await expect.poll(asked, { timeout: 5_000 }).toBe(before + times);
  });

  it('need not be sent to the same address: every route answers with and without its prefix', async () => {
    const key = newKey();
    const first = await reply(await post({ path: '/v1/video/tasks', body: VIDEO, key }));
    const again = await post({ path: '/video/tasks', body: VIDEO, key });
    expect([isReplay(again), await reply(again)]).toEqual([true, first]);
  });

  it('leaves no second file behind', async () => {
    const key = newKey();
    const sent = { path: '/v1/video/upload', body: form('', ['file', blue, 'b.png']), key };
    await post(sent);
    const files = (await mediaFiles(servers.system)).length;
    expect(isReplay(await post(sent, 1))).toBe(true);
    await expect.poll(async () => (await mediaFiles(servers.system)).length, { timeout: 5_000 }).toBe(files);
  });

  it('retries a failed task once', async () => {
    const body = { ...VIDEO, prompt: 'fail:invalid_argument' };
    const made = (await (await post({ path: '/v1/video/tasks', body })).json()) as { task_id: string };
    await gateway(0).tasks(ALICE).ended(made.task_id);
    const sent = { path: `/v1/video/tasks/${made.task_id}/retry`, key: newKey() };
    const first = await reply(await post(sent));
    expect(first).toMatchObject({ status: 200, body: expect.not.stringContaining(made.task_id) });
    expect(await reply(await post(sent, 1))).toEqual(first);
  });

  it('has another reply under another key, from another client, and without a key', async () => {
    const sent = { path: '/v1/video/tasks', body: VIDEO, key: newKey() };
    const others = [sent, { ...sent, bearer: BOB }, { ...sent, key: newKey() }, { path: sent.path, body: VIDEO }];
    const bodies = await Promise.all(others.map(async (other) => (await reply(await post(other))).body));
    expect(new Set(bodies).size).toBe(4);
  });
});

describe('a key', () => {
  it.each<[string, () => Sent, () => Sent]>([
    ['another body', () => chat('a'), () => chat('b')],
    ['another route', () => ({ path: '/v1/video/tasks', body: VIDEO }), () => chat('a')],
    [
      'another file',
      () => ({ path: '/v1/video/upload', body: form('', ['file', red, 'a.png']) }),
      () => ({ path: '/v1/video/upload', body: form('', ['file', blue, 'a.png']) }),
    ],
    [
      'another field',
      () => ({ path: '/v1/images/edits', body: form('甲', ['image', red, 'a.png']) }),
      () => ({ path: '/v1/images/edits', body: form('乙', ['image', red, 'a.png']) }),
    ],
  ])('is refused with %s', async (_name, first, second) => {
    const key = newKey();
    expect((await post({ ...first(), key })).status).toBe(200);
    const refused = await post({ ...second(), key }, 1);
    expect([refused.status, await codeOf(refused)]).toEqual([422, 'idempotency_key_reused']);
  });

  it.each<[string, Sent, number]>([
    ['a body that is wrong', { path: '/v1/video/tasks', body: { ...VIDEO, video_length: 7 } }, 400],
    ['a model that is not there', { path: '/v1/chat/completions', body: { model: 'x', messages: [] } }, 404],
    ['a task that is not there', { path: `/v1/video/tasks/task_${'0'.repeat(32)}/retry` }, 404],
  ])('is free again after %s', async (_name, refused, status) => {
    const key = newKey();
    expect((await post({ ...refused, key })).status).toBe(status);
    expect((await post({ path: '/v1/video/tasks', body: VIDEO, key }, 1)).status).toBe(200);
  });

  it('is free again after the upstream could not serve', async () => {
    const key = newKey();
    await servers.system.simulator.addFault({
      match: { path: '/v1/chat/completions' },
      times: 1,
      fault: { status: 429, headers: { 'retry-after': '1' }, body: { code: 'resource-exhausted', error: 'slow down' } },
    });
    const refused = await post({ ...chat('忙'), key });
    expect(refused.status).toBe(429);
    await expect.poll(async () => (await post({ ...chat('忙'), key }, 1)).status, { timeout: 10_000 }).toBe(200);
  });

  it.each(['', 'ключ', 'x'.repeat(256)])('has to be printable and of some length: %j', async (key) => {
    const headers = { 'idempotency-key': Buffer.from(key).toString('latin1') };
    const answer = await gateway(0).tasks(ALICE).request('POST', '/v1/video/tasks', VIDEO, headers);
    expect([answer.status, await codeOf(answer)]).toEqual([400, 'invalid_idempotency_key']);
  });
});
