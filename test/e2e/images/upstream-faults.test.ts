import { startSimulator, type TestSimulator, TestSystem } from '@grok2api/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ImageClient } from './support/image-client.js';

// Some rest after a failure: each case has to find others.
const KEYS = Array.from({ length: 16 }, (_, n) => `xai-key-${n}`);
const PATH = '/v1/images/generations';

let simulator: TestSimulator;
let system: TestSystem;
const images = new ImageClient(
  () => system,
  () => simulator.client,
);

beforeAll(async () => {
  simulator = await startSimulator({ SIMULATOR_IMAGE_MS: '50' });
  const env = { XAI_API_KEYS: KEYS.join(','), XAI_BASE_URL: simulator.baseUrl, IMAGE_TIMEOUT_MS: '3000' };
  system = await TestSystem.start({ env });
});
afterEach(() => simulator.client.clearFaults());
afterAll(async () => {
  await system?.stop();
  await simulator?.stop();
});

describe('an upstream that fails', () => {
  it.each([
    ['refuses the content', 'moderated:image', 400, 'content_policy_violation'],
    ['sends an empty image', 'empty:image', 502, 'upstream_error'],
    ['sends no image', 'garbage:image', 502, 'upstream_error'],
  ])('%s: not asked again, neither by this server nor by the client', async (_name, word, status, code) => {
    const prompt = `${word} 一次`;
    const answer = await images.generate({ prompt });
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ error: { code } });
    expect(answer.headers.get('x-should-retry')).toBe('false');
    expect(await images.asked(prompt)).toEqual([1]);
    // The only credential is not blamed.
    expect((await images.generate({ prompt: 'x' })).status).toBe(200);
  });

  it.each([
    ['answers 502', { status: 502, body: '<html>' }],
    ['cuts its answer', { cut: 'mid_body' }],
    ['loses its answer', { cut_after: true }],
    ['sends a page with 200', { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>sorry</html>' }],
    [
      'sends cut JSON',
      { status: 200, headers: { 'content-type': 'application/json' }, body: '{"data":[{"b64_json":"AA' },
    ],
  ])('%s: may have been paid, so that nobody asks again', async (name, fault) => {
    const prompt = `不再问 ${name}`;
    await simulator.client.addFault({ match: { path: PATH }, times: 1, fault });
    const answer = await images.generate({ prompt });
    expect(answer.status).toBe(502);
    expect(answer.body).toMatchObject({ error: { code: 'upstream_error' } });
    expect(answer.headers.get('x-should-retry')).toBe('false');
    expect((await simulator.client.log({ path: PATH })).filter(({ body }) => isOf(body, prompt))).toHaveLength(1);
  });

  it('refuses provably: asked again', async () => {
    await simulator.client.addFault({ match: { path: PATH }, times: 2, fault: { status: 503, body: 'busy' } });
    const answer = await images.generate({ prompt: '再问' });
    expect(answer.status).toBe(200);
    expect((await simulator.client.log({ path: PATH })).filter(({ body }) => isOf(body, '再问'))).toHaveLength(3);
  });

  it('is silent: 504 after the time that is set', async () => {
    const prompt = 'slow:10000 沉默';
    const answer = await images.generate({ prompt });
    expect(answer.status).toBe(504);
    expect(answer.body).toMatchObject({ error: { code: 'upstream_timeout' } });
    expect(answer.headers.get('x-should-retry')).toBe('false');
    expect(await images.asked(prompt)).toEqual([1]);
  });

  it('has no credits left: 429 with the time to wait', async () => {
    await simulator.client.addFault({
      match: { path: PATH, model: 'grok-imagine-image' },
      times: null,
      fault: { status: 429, body: { code: 'resource-exhausted', error: 'Too many requests' } },
    });
    const answer = await images.generate({ prompt: 'x', model: 'grok-imagine-image' });
    expect(answer.status).toBe(429);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(answer.body).toMatchObject({ error: { code: 'rate_limit_exceeded' } });
  });
});

function isOf(body: unknown, prompt: string): boolean {
  return typeof body === 'object' && body !== null && 'prompt' in body && body.prompt === prompt;
}
