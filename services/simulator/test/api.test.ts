import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { describe, expect, test, vi } from 'vitest';
import { KEY, MODEL, startTestSimulator } from './harness.js';

describe('keys', () => {
  test.each([undefined, 'Basic abc', KEY, 'Bearer '])('an authorization of %s is 401', async (authorization) => {
    const simulator = await startTestSimulator();
    const answer = await simulator.call('GET', '/v1/models', undefined, authorization ? { authorization } : {});
    expect(answer.status).toBe(401);
    expect(answer.json).toEqual({ code: 'unauthenticated', error: expect.any(String) });
  });

  test.each(['/v1/models', '/v1/api-key', '/v1/videos/x'])('a wrong key is 400 on %s', async (path) => {
    const simulator = await startTestSimulator();
    const answer = await simulator.ask('GET', path, undefined, 'invalid-key');
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ error: expect.stringContaining('Incorrect API key provided: in***ey') });
  });

  test('SIMULATOR_KEYS are the only good ones', async () => {
    const simulator = await startTestSimulator({ SIMULATOR_KEYS: 'one, two' });
    const statuses = await Promise.all(
      ['one', 'two', KEY].map(async (key) => (await simulator.ask('GET', '/v1/models', undefined, key)).status),
    );
    expect(statuses).toEqual([200, 200, 400]);
  });

  test('a good key is described', async () => {
    const simulator = await startTestSimulator();
    expect((await simulator.ask('GET', '/v1/api-key')).json).toMatchObject({
      redacted_api_key: 'xai-...0001',
      team_blocked: false,
      api_key_blocked: false,
      api_key_disabled: false,
      acls: expect.arrayContaining(['api-key:model:*']),
    });
  });
});

describe('models', () => {
  test('are listed, one by one too, by id and alias', async () => {
    const simulator = await startTestSimulator();
    const video = { id: MODEL, object: 'model', owned_by: 'xai', created: expect.any(Number), aliases: [] };
    expect((await simulator.ask('GET', '/v1/models')).json).toEqual({
      object: 'list',
      data: expect.arrayContaining([video]),
    });
    expect((await simulator.ask('GET', `/v1/models/${MODEL}`)).json).toEqual(video);
    expect((await simulator.ask('GET', '/v1/models/grok-latest')).json).toMatchObject({ id: 'grok-4.7' });
    expect((await simulator.ask('GET', '/v1/models/grok-0')).status).toBe(404);
  });

  test.each([
    ['/v1/language-models', ['grok-4.7', 'grok-4.6', 'grok-4.5', 'grok-4.3']],
    ['/v1/image-generation-models', ['grok-imagine-image-2.0', 'grok-imagine-image']],
    ['/v1/video-generation-models', ['grok-imagine-video-1.5', 'grok-imagine-video']],
  ])('%s', async (path, ids) => {
    const simulator = await startTestSimulator();
    expect((await simulator.ask('GET', path)).json).toMatchObject({ models: ids.map((id) => ({ id })) });
  });
});

describe('the log', () => {
  test('tells who asked for what, and how it ended', async () => {
    const simulator = await startTestSimulator();
    const id = await simulator.create({ prompt: 'x'.repeat(1000) });
    await simulator.poll(id);
    await simulator.ask('GET', '/v1/nowhere');
    const hash = createHash('sha256').update(KEY).digest('hex').slice(0, 12);
    const [create, poll, unknown] = await simulator.log();
    expect(create).toMatchObject({
      seq: 1,
      method: 'POST',
      path: '/v1/videos/generations',
      route: 'POST /v1/videos/generations',
      key_hint: '0001',
      key_hash: hash,
      status: 200,
      ended: 'complete',
      closed_at: expect.any(String),
      request_id: id,
      body: { model: MODEL, prompt: `${'x'.repeat(200)}… (1000 characters)` },
    });
    expect(poll).toMatchObject({ seq: 2, route: 'GET /v1/videos/{request_id}', request_id: id, body: null });
    expect(unknown).toMatchObject({ seq: 3, route: null, status: 404, request_id: null });
    expect(await simulator.log('?method=post')).toHaveLength(1);
    expect(await simulator.log('?path=/v1/videos/')).toHaveLength(2);
    expect(await simulator.log(`?path=*/${id}&method=GET`)).toHaveLength(1);
    expect((await simulator.call('DELETE', '/_simulator/log')).status).toBe(204);
    expect(await simulator.log()).toEqual([]);
  });

  test('tells of a caller that left before its answer', async () => {
    const simulator = await startTestSimulator();
    await simulator.addFault({ fault: { delay_ms: 600_000 } });
    const call = request(`${simulator.url}/v1/models`).on('error', () => {});
    call.end();
    await vi.waitFor(async () => expect(await simulator.log()).toMatchObject([{ ended: null, body: null }]));
    call.destroy();
    await vi.waitFor(async () =>
      expect(await simulator.log()).toMatchObject([
        { ended: 'client_closed', status: null, closed_at: expect.any(String) },
      ]),
    );
  });

  test('survives a body of any depth', async () => {
    const simulator = await startTestSimulator();
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
    const answer = await simulator.ask('POST', '/v1/videos/generations', deep);
    expect(answer.status).toBe(400);
    expect(JSON.stringify(await simulator.log()).length).toBeLessThan(1000);
  });
});

test('health needs no key and nothing under /_simulator is logged', async () => {
  const simulator = await startTestSimulator();
  expect((await simulator.call('GET', '/_simulator/health')).status).toBe(200);
  expect((await simulator.call('GET', '/_simulator/nothing')).status).toBe(404);
  expect(await simulator.log()).toEqual([]);
});
