import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Receiver, startSimulator, type TestSimulator, TestSystem } from '@grok2api/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { valueIn } from './support/metrics.js';

const SERVICES = ['api-gateway', 'chat', 'image', 'video-worker', 'token-pool', 'callback-dispatcher'];
const WITHIN = { timeout: 20_000 };
const UPSTREAM_KEY = `xai-${randomBytes(24).toString('hex')}`;
const CLIENT_KEY = `sk-${randomBytes(24).toString('hex')}`;
const ADMIN_KEY = randomBytes(24).toString('hex');
const HOOK_SECRET = `whsec_${randomBytes(32).toString('base64')}`;

let simulator: TestSimulator;
let receiver: Receiver;
let system: TestSystem;
beforeAll(async () => {
  [simulator, receiver] = await Promise.all([startSimulator({ SIMULATOR_KEYS: UPSTREAM_KEY }), Receiver.start()]);
  system = await TestSystem.start({
    env: {
      LOG_LEVEL: 'trace',
      XAI_API_KEY: UPSTREAM_KEY,
      XAI_BASE_URL: simulator.baseUrl,
      API_KEYS: `me:${CLIENT_KEY}`,
      ADMIN_KEY,
      CALLBACK_SECRET: HOOK_SECRET,
      FETCH_ALLOW: '127.0.0.0/8',
    },
  });
});
afterAll(async () => {
  await system?.stop();
  await Promise.all([simulator?.stop(), receiver?.stop()]);
});

/** The ops port of a process. */
async function opsOf(service: string): Promise<string> {
  return String((await system.logLine({ service, msg: 'ops port open' })).url);
}

async function metricsOf(service: string): Promise<string> {
  const reply = await fetch(`${await opsOf(service)}/metrics`);
  expect(reply.status).toBe(200);
  return reply.text();
}

const chat = (content: string, { stream = false, model = 'grok-4' } = {}) =>
  fetch(`${system.baseUrl}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${CLIENT_KEY}` },
    body: JSON.stringify({ model, stream, messages: [{ role: 'user', content }] }),
  });

describe('the ops ports', () => {
  it('tell of every process that it lives and can work', async () => {
    for (const service of SERVICES) {
      const url = await opsOf(service);
      for (const path of ['/healthz', '/readyz'])
        expect([service, (await fetch(url + path)).status]).toEqual([service, 200]);
    }
  });

  it('measure what was done, by templates and never by ids or keys', async () => {
    const reply = await chat('hi', { stream: true });
    expect(await reply.text()).toContain('[DONE]');
    expect((await chat('hi', { model: 'no-such-model' })).status).toBe(404);
    expect((await fetch(`${system.baseUrl}/no/such/path/${CLIENT_KEY}`)).status).toBe(404);
    const tasks = system.tasks(CLIENT_KEY);
    const id = await tasks.create('a cat', { callback_url: receiver.url() });
    for await (const { data } of tasks.stream(id)) expect(data).toBeTruthy();
    await receiver.until(1);

    const gateway = await metricsOf('api-gateway');
    const posts = { method: 'POST', route: '/v1/chat/completions' };
    const none = { method: 'other', route: 'other', status: '404' };
    const stream = { method: 'GET', route: '/v1/video/tasks/{task_id}/stream' };
    expect(valueIn(gateway, 'grok2api_http_requests_total', { ...posts, status: '200' })).toBe(1);
    expect(valueIn(gateway, 'grok2api_http_requests_total', { ...posts, status: '404' })).toBe(1);
    expect(valueIn(gateway, 'grok2api_http_requests_total', none)).toBe(1);
    expect(valueIn(gateway, 'grok2api_http_request_seconds_count', stream)).toBe(1);
    expect(valueIn(gateway, 'grok2api_http_in_flight')).toBe(0);
    expect(valueIn(gateway, 'grok2api_tasks_created_total', { kind: 'video' })).toBe(1);
    const progress = { subject: 'grok.progress.*', direction: 'received' };
    expect(valueIn(gateway, 'grok2api_bus_events_total', progress)).toBeGreaterThan(0);

    const ofChat = await metricsOf('chat');
    const served = { subject: 'grok.chat.completions', outcome: 'ok' };
    const streamed = { operation: 'chat_stream' };
    expect(valueIn(ofChat, 'grok2api_bus_served_seconds_count', served)).toBe(1);
    expect(valueIn(ofChat, 'grok2api_upstream_call_seconds_count', { ...streamed, outcome: 'ok' })).toBe(1);
    expect(valueIn(ofChat, 'grok2api_upstream_streams_total', { outcome: 'ok' })).toBe(1);
    expect(valueIn(ofChat, 'grok2api_upstream_in_flight', streamed)).toBe(0);
    expect(valueIn(ofChat, 'grok2api_credential_wait_seconds_count', { outcome: 'granted' })).toBe(1);
    expect(valueIn(ofChat, 'grok2api_chat_tokens_total', { type: 'completion' })).toBeGreaterThan(0);

    const worker = await metricsOf('video-worker');
    const kind = 'video';
    expect(valueIn(worker, 'grok2api_task_ends_total', { kind, state: 'completed', reason: '' })).toBe(1);
    expect(valueIn(worker, 'grok2api_task_state_seconds_count', { kind, state: 'running' })).toBe(1);
    expect(valueIn(worker, 'grok2api_task_claims_total', { kind, how: 'fresh' })).toBe(1);
    expect(valueIn(worker, 'grok2api_media_bytes_total', { direction: 'in' })).toBeGreaterThan(1_000);
    expect(valueIn(worker, 'grok2api_worker_slots_busy', { kind })).toBe(0);
    expect(valueIn(worker, 'grok2api_queue_waiting', { kind })).toBe(0);

    const pool = await metricsOf('token-pool');
    expect(valueIn(pool, 'grok2api_credentials', { state: 'free' })).toBe(1);
    expect(valueIn(pool, 'grok2api_grants_total', { result: 'granted' })).toBeGreaterThan(0);

    const delivered = async () =>
      valueIn(await metricsOf('callback-dispatcher'), 'grok2api_callback_attempt_seconds_count', {
        result: 'delivered',
      });
    await expect.poll(delivered, WITHIN).toBe(1);
    expect(valueIn(await metricsOf('callback-dispatcher'), 'grok2api_callbacks_pending', { state: 'due' })).toBe(0);

    const documented = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
    for (const service of SERVICES) {
      const text = await metricsOf(service);
      expect(text).not.toMatch(/_[0-9a-f]{16}|\bsk-|xai-|whsec_|="me"/);
      for (const [, name] of text.matchAll(/^# TYPE (\w+) /gm)) expect(documented).toContain(`\`${name}\``);
      expect(text.split('\n').length, service).toBeLessThan(2_000);
    }
  });

  it('change the log level of one process while it runs', async () => {
    const url = await opsOf('chat');
    const put = (level: string) => fetch(`${url}/log-level`, { method: 'PUT', body: JSON.stringify({ level }) });
    const completed = () => system.logLines({ service: 'chat', msg: 'completed a chat' }).length;
    const before = completed();
    expect((await put('warn')).status).toBe(200);
    await (await chat('quietly')).text();
    expect((await put('trace')).status).toBe(200);
    await (await chat('loudly')).text();
    await expect.poll(completed, WITHIN).toBe(before + 1);
  });
});

describe('the log', () => {
  it('has one line for a request in each process, and one for each change of a task', async () => {
    const reply = await fetch(`${system.baseUrl}/v1/chat/completions`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${CLIENT_KEY}`,
        'x-request-id': 'one-line-each',
      },
      body: JSON.stringify({
        model: 'grok-4',
        stream: true,
        messages: [{ role: 'user', content: 'tell me a long story '.repeat(50) }],
      }),
    });
    expect((await reply.text()).split('data: ').length).toBeGreaterThan(10);
    const lines = () =>
      system.logLines({ request_id: 'one-line-each' }).map(({ service, msg }) => `${service}: ${msg}`);
    await expect.poll(() => lines().toSorted(), WITHIN).toEqual(['api-gateway: request', 'chat: completed a chat']);

    const tasks = system.tasks(CLIENT_KEY);
    const id = await tasks.create('a dog');
    await tasks.ended(id);
    const ofTask = () => system.logLines({ task_id: id, service: 'video-worker' });
    await expect
      .poll(() => ofTask().map(({ msg }) => msg), WITHIN)
      .toEqual(['claimed', 'submitted to the upstream', 'completed']);
    for (const line of ofTask()) expect(line).toMatchObject({ owner: 'me', instance: 'video-worker-1' });
  });

  it('tells no secret, whatever goes wrong and however much it says', async () => {
    await simulator.client.addFault({
      match: { method: 'POST', path: '/v1/chat/completions' },
      times: 1,
      fault: { status: 401, body: { code: 'unauthenticated', error: `Incorrect API key provided: ${UPSTREAM_KEY}` } },
    });
    await (await chat('hi')).text();
    await expect.poll(() => system.logLines({ msg: 'credential disabled' }).length, WITHIN).toBe(1);
    await fetch(`${system.baseUrl}/admin/api/client-keys`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${ADMIN_KEY}` },
      body: JSON.stringify({ name: 'other' }),
    });
    await fetch(`${system.baseUrl}/v1/models`, { headers: { authorization: `Bearer ${CLIENT_KEY}x` } });
    const metrics = await Promise.all(SERVICES.map(metricsOf));
    const everything = JSON.stringify(system.logLines()) + system.output + metrics.join();
    for (const secret of [UPSTREAM_KEY, CLIENT_KEY, ADMIN_KEY, HOOK_SECRET.slice('whsec_'.length)]) {
      expect(everything.includes(secret)).toBe(false);
    }
    expect(system.logLines({ level: 'debug' }).length).toBeGreaterThan(0);
  });
});
