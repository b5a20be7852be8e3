import { startSimulator, type TestSimulator, TestSystem } from '@grok2api/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { chunks, textOf } from './support/chunks.js';

// Some rest after a failure: each case has to find others.
const KEYS = Array.from({ length: 12 }, (_, n) => `xai-key-${n}`);
const PATH = '/v1/chat/completions';
let simulator: TestSimulator;
let system: TestSystem;

beforeAll(async () => {
  simulator = await startSimulator({ SIMULATOR_TOKEN_MS: '2' });
  const env = { XAI_API_KEYS: KEYS.join(','), XAI_BASE_URL: simulator.baseUrl, REASONING_FORMAT: 'think-tags' };
  system = await TestSystem.start({ env });
});
afterEach(() => simulator.client.clearFaults());
afterAll(async () => {
  await system?.stop();
  await simulator?.stop();
});

const ask = (content: string, more: object = {}, headers: Record<string, string> = {}) =>
  system
    .tasks()
    .request(
      'POST',
      '/v1/chat/completions',
      { model: 'grok-2', messages: [{ role: 'user', content }], ...more },
      headers,
    );
const rateLimit = { status: 429, body: { code: 'resource-exhausted', error: 'Too many requests for team' } };
/** The calls of one request: all have its id. */
const calls = async (id: string) =>
  (await simulator.client.log({ path: PATH })).filter(({ x_request_id }) => x_request_id === id);

describe('before the first byte another credential is tried', () => {
  it.each([
    ['a rate limit', 'grok-4.7', rateLimit],
    ['no permission', 'grok-4.6', { status: 403, body: { code: 'permission-denied', error: 'lacks permission' } }],
    ['a fault', 'grok-4.5', { status: 503, body: 'busy' }],
    [
      'a page of a proxy',
      'grok-4.3',
      { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>sorry</html>' },
    ],
    ['an error in a success', 'grok-4.7', { status: 200, body: { code: 'internal', error: 'Something broke' } }],
  ])('after %s', async (name, model, fault) => {
    for (const stream of [false, true]) {
      const id = `failover-${name.replaceAll(' ', '-')}-${stream}`;
      await simulator.client.addFault({ match: { path: PATH }, times: 2, fault });
      const answer = await ask('tokens:3', { model, stream, thinking: 'disabled' }, { 'x-request-id': id });
      expect(answer.status).toBe(200);
      await answer.text();
      const made = await calls(id);
      expect(made).toHaveLength(3);
      expect(new Set(made.map(({ key_hash }) => key_hash)).size).toBe(3);
    }
  });

  it('after a connection that is cut, before or in the middle of a whole answer', async () => {
    for (const cut of ['before_headers', 'mid_body']) {
      await simulator.client.addFault({ match: { path: PATH }, fault: { cut } });
      const answer = await ask('tokens:3', { model: 'grok-4.3' }, { 'x-request-id': `cut-${cut}` });
      expect(answer.status).toBe(200);
      expect(await calls(`cut-${cut}`)).toHaveLength(2);
    }
  });

  it('three times at most, then the fault is told', async () => {
    await simulator.client.addFault({
      match: { path: PATH, model: 'grok-4.6' },
      times: null,
      fault: { status: 500, body: { error: 'broken' } },
    });
    const answer = await ask('hi', { model: 'grok-4.6' }, { 'x-request-id': 'three' });
    expect(answer.status).toBe(502);
    expect(await calls('three')).toHaveLength(3);
  });

  it('but not beyond the deadline', async () => {
    await simulator.client.addFault({ match: { path: PATH }, times: null, fault: { hang: true } });
    const answer = await ask('hi', { model: 'grok-4.3' }, { 'x-request-id': 'late', 'x-stainless-timeout': '1' });
    expect(answer.status).toBe(504);
    expect(await calls('late')).toHaveLength(1);
  });

  it('after the first byte never', async () => {
    const id = 'after-first-byte';
    const answer = await ask('cut:5 tokens:9', { stream: true }, { 'x-request-id': id });
    const all = await chunks(answer);
    expect(all.at(-1)).toMatchObject({ error: { code: 'upstream_error' } });
    expect(await calls(id)).toHaveLength(1);
  });
});

it('a wrong key is found out once, and not used again', async () => {
  await simulator.client.addFault({
    match: { path: PATH, key: 'xai-key-3' },
    times: null,
    fault: { status: 400, body: { code: 'invalid-argument', error: 'Incorrect API key provided' } },
  });
  for (let n = 0; n < 30; n++) expect((await ask('tokens:1', { model: 'grok-4.3' })).status).toBe(200);
  const refusals = (await simulator.client.log({ path: PATH })).filter(
    ({ status, x_request_id, key_hash }) => status === 400 && x_request_id !== null && key_hash !== null,
  );
  expect(refusals.length).toBeLessThanOrEqual(1);
});

it('reasoning goes between tags where the setting says so', async () => {
  const whole = (await (await ask('你好')).json()) as { choices: { message: { content: string } }[] };
  const content = whole.choices[0]?.message.content ?? '';
  expect(content).toMatch(/^<think>\n[^<]+\n<\/think>\n\n[^<]*Grok/);
  expect(textOf(await chunks(await ask('你好', { stream: true })))).toBe(content);
});

it('a client that leaves closes the call at the upstream within a second, and blames nobody', async () => {
  for (const stream of [true, false]) {
    const id = `left-${stream}`;
    const leaving = new AbortController();
    const answer = fetch(`${system.baseUrl}${PATH}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-request-id': id },
      body: JSON.stringify({
        model: 'grok-4.3',
        stream,
        messages: [{ role: 'user', content: 'tokens:5000 pace:50 think:200' }],
      }),
      signal: leaving.signal,
    });
    const gone = answer.then((response) => response.text()).catch((err: unknown) => err);
    await expect.poll(async () => (await calls(id)).length, { timeout: 5_000 }).toBe(1);
    if (stream) await answer;
    leaving.abort();
    const leftAt = Date.now();
    await gone;
    await expect.poll(async () => (await calls(id))[0]?.ended, { timeout: 5_000, interval: 20 }).toBe('client_closed');
    const closedAt = Date.parse((await calls(id))[0]?.closed_at ?? '');
    expect(closedAt - leftAt).toBeLessThan(1_000);
  }
  expect((await ask('tokens:1', { model: 'grok-4.3' })).status).toBe(200);
  expect(
    system.logLines({ service: 'token-pool', msg: 'cooling' }).filter(({ model }) => model === 'grok-4.3'),
  ).toEqual([]);
});

describe('a conversation', () => {
  it.each(['user', 'prompt_cache_key'])('stays with a credential: %s', async (name) => {
    const used = new Map<string, Set<unknown>>();
    for (let i = 0; i < 24; i++) {
      const [id, conversation] = [`sticky-${name}-${i}`, `conversation ${i % 6}`];
      const answer = await ask('tokens:2', { model: 'grok-4.7', [name]: conversation }, { 'x-request-id': id });
      expect(answer.status).toBe(200);
      await answer.text();
      const [call] = await calls(id);
      used.set(conversation, (used.get(conversation) ?? new Set()).add(call?.key_hash));
    }
    for (const keys of used.values()) expect(keys.size).toBe(1);
    expect(new Set([...used.values()].flatMap((keys) => [...keys])).size).toBeGreaterThan(1);
  });
});
