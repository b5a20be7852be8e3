import { request } from 'node:http';
import { describe, expect, test, vi } from 'vitest';
import { MODEL, OTHER_KEY, probe, startTestSimulator } from './harness.js';

const BODY = { model: MODEL, prompt: 'a cat', duration: 1 };

/** A fetch that must not get a complete answer. */
async function expectCut(attempt: () => Promise<unknown>) {
  await expect(attempt()).rejects.toThrow(/fetch failed|terminated/);
}

test('a status is answered n times, with headers and body, before the key is looked at', async () => {
  const simulator = await startTestSimulator();
  await simulator.addFault({
    match: { path: '/v1/models' },
    times: 2,
    fault: { status: 429, headers: { 'retry-after': '7' }, body: { code: 'resource-exhausted', error: 'Too many' } },
  });
  const first = await simulator.call('GET', '/v1/models');
  expect(first.status).toBe(429);
  expect(first.headers.get('retry-after')).toBe('7');
  expect(first.json).toEqual({ code: 'resource-exhausted', error: 'Too many' });
  expect((await simulator.ask('GET', '/v1/models')).status).toBe(429);
  expect((await simulator.ask('GET', '/v1/models')).status).toBe(200);
});

test('a body may be text or nothing, and headers set its type', async () => {
  const simulator = await startTestSimulator();
  await simulator.addFault({ fault: { status: 502, headers: { 'content-type': 'text/html' }, body: '<h1>no</h1>' } });
  await simulator.addFault({ fault: { status: 503 } });
  const html = await simulator.ask('GET', '/v1/models');
  expect([html.status, html.text, html.headers.get('content-type')]).toEqual([502, '<h1>no</h1>', 'text/html']);
  const empty = await simulator.ask('GET', '/v1/models');
  expect([empty.status, empty.text]).toEqual([503, '']);
});

test('rules match by method, pattern, key and model', async () => {
  const simulator = await startTestSimulator();
  const fault = { status: 500 };
  await simulator.addFault({ match: { method: 'delete' }, times: null, fault });
  await simulator.addFault({ match: { path: '/v1/*/nothing' }, times: null, fault });
  await simulator.addFault({ match: { key: OTHER_KEY }, times: null, fault });
  await simulator.addFault({ match: { model: 'grok-imagine-video-1.5' }, times: null, fault });
  const status = async (method: string, path: string, body?: unknown, key?: string) =>
    (await simulator.ask(method, path, body, key)).status;
  expect(await status('GET', '/v1/models')).toBe(200);
  expect(await status('DELETE', '/v1/models')).toBe(500);
  expect(await status('GET', '/v1/models/nothing')).toBe(500);
  expect(await status('GET', '/v1/models/nothing/more')).toBe(404);
  expect(await status('GET', '/v1/models', undefined, OTHER_KEY)).toBe(500);
  expect(await status('POST', '/v1/videos/generations', BODY)).toBe(200);
  expect(await status('POST', '/v1/videos/generations', { ...BODY, model: 'grok-imagine-video-1.5' })).toBe(500);
});

test('a delay is followed by the normal answer', async () => {
  const simulator = await startTestSimulator();
  await simulator.addFault({ fault: { delay_ms: 300 } });
  const started = performance.now();
  expect((await simulator.ask('GET', '/v1/models')).status).toBe(200);
  expect(performance.now() - started).toBeGreaterThanOrEqual(290);
});

describe('hang', () => {
  test('ends when the client goes, and the log says so', async () => {
    const simulator = await startTestSimulator();
    await simulator.addFault({ fault: { hang: true } });
    const call = request(`${simulator.url}/v1/models`).on('error', () => {});
    call.end();
    const open = await vi.waitFor(async () => {
      const [entry] = await simulator.log();
      expect(entry?.ended).toBe('hung');
      return entry;
    });
    expect(open).toMatchObject({ status: null, closed_at: null });
    const left = Date.now();
    call.destroy();
    const closed = await vi.waitFor(async () => {
      const [entry] = await simulator.log();
      expect(entry?.ended).toBe('client_closed');
      return entry;
    });
    expect(Date.parse(closed?.closed_at ?? '')).toBeGreaterThanOrEqual(left);
    expect((await simulator.call('GET', '/_simulator/faults')).json).toMatchObject({
      faults: [{ hanging: 0, hits: 1 }],
    });
  });

  test('ends when its rule is removed', async () => {
    const simulator = await startTestSimulator();
    const id = await simulator.addFault({ fault: { hang: true } });
    const answer = simulator.ask('GET', '/v1/models').catch((err: unknown) => err);
    await vi.waitFor(async () =>
      expect((await simulator.call('GET', '/_simulator/faults')).json).toMatchObject({ faults: [{ id, hanging: 1 }] }),
    );
    expect((await simulator.call('DELETE', `/_simulator/faults/${id}`)).status).toBe(204);
    expect(await answer).toBeInstanceOf(TypeError);
    expect(await simulator.log()).toMatchObject([{ ended: 'hung', status: null, closed_at: expect.any(String) }]);
  });
});

describe('cut', () => {
  test('before the headers: nothing is made', async () => {
    const simulator = await startTestSimulator();
    await simulator.addFault({ fault: { cut: 'before_headers' } });
    await expectCut(() => simulator.create());
    expect(await simulator.jobs()).toEqual([]);
    expect(await simulator.log()).toMatchObject([
      { ended: 'cut', status: null, request_id: null, body: { model: MODEL } },
    ]);
  });

  test('in the body of a create: a head, half a body, nothing made', async () => {
    const simulator = await startTestSimulator();
    await simulator.addFault({ fault: { cut: 'mid_body' } });
    const response = await fetch(`${simulator.url}/v1/videos/generations`, { method: 'POST' });
    expect(response.status).toBe(200);
    await expectCut(() => response.text());
    expect(await simulator.jobs()).toEqual([]);
    expect(await simulator.log()).toMatchObject([{ ended: 'cut', status: 200 }]);
  });

  test('in a download: the first half of the real file', async () => {
    const simulator = await startTestSimulator();
    const { video } = await simulator.untilDone(await simulator.create({ duration: 1 }));
    const { bytes } = await probe(video?.url ?? '');
    await simulator.addFault({ match: { path: '/files/' }, fault: { cut: 'mid_body' } });
    const response = await fetch(video?.url ?? '');
    expect(response.headers.get('content-length')).toBe(String(bytes.length));
    const received: Uint8Array[] = [];
    await expectCut(async () => {
      for await (const chunk of response.body ?? []) received.push(chunk);
    });
    expect(Buffer.concat(received).equals(bytes.subarray(0, Math.floor(bytes.length / 2)))).toBe(true);
  });

  test('of an empty answer is no complete answer', async () => {
    const simulator = await startTestSimulator();
    const id = await simulator.create({ prompt: 'never:done' });
    await simulator.poll(id);
    await simulator.poll(id);
    await simulator.addFault({ fault: { cut: 'mid_body' } });
    await expectCut(() => simulator.poll(id));
  });

  test('after: the job is made, its answer lost', async () => {
    const simulator = await startTestSimulator();
    await simulator.addFault({ match: { method: 'POST' }, fault: { cut_after: true } });
    await expectCut(() => simulator.create());
    const [job] = await simulator.jobs();
    expect(await simulator.log()).toMatchObject([{ ended: 'cut', status: null, request_id: job?.request_id }]);
    expect((await simulator.untilDone(job?.request_id ?? '')).status).toBe('done');
  });
});

test('rules are listed and removed, and a wrong one is refused', async () => {
  const simulator = await startTestSimulator();
  const id = await simulator.addFault({ times: 3, match: { path: '/v1/models' }, fault: { status: 500 } });
  await simulator.ask('GET', '/v1/models');
  expect((await simulator.call('GET', '/_simulator/faults')).json).toEqual({
    faults: [
      {
        id,
        times: 3,
        match: { path: '/v1/models' },
        fault: { status: 500 },
        remaining: 2,
        hits: 1,
        hanging: 0,
      },
    ],
  });
  expect((await simulator.call('DELETE', '/_simulator/faults')).status).toBe(204);
  expect((await simulator.call('DELETE', `/_simulator/faults/${id}`)).status).toBe(404);
  expect((await simulator.ask('GET', '/v1/models')).status).toBe(200);
  for (const wrong of [{}, { fault: { status: 500, hang: true } }, { match: { pth: '/' }, fault: { hang: true } }]) {
    expect((await simulator.call('POST', '/_simulator/faults', wrong)).status).toBe(400);
  }
});
