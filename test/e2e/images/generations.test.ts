import { TestSystem } from '@grok2api/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventsOf, fetchFile, ImageClient, sizeOf } from './support/image-client.js';

let system: TestSystem;
const images = new ImageClient(() => system);
const PATH = '/v1/images/generations';

beforeAll(async () => {
  system = await TestSystem.start({ env: { SIMULATOR_IMAGE_MS: '100' } });
});
afterEach(() => system.simulator.clearFaults());
afterAll(async () => {
  await system?.stop();
});

describe('an image', () => {
  it('has a URL of this server, under which the file is', async () => {
    const answer = await images.generate({
      prompt: '一只在太空漂浮的猫',
      model: 'grok-imagine-1.0',
      size: '1024x1024',
    });
    expect(answer.status).toBe(200);
    expect(Number(answer.headers.get('content-length'))).toBeGreaterThan(0);
    expect(answer.body).toEqual({
      created: expect.any(Number),
      data: [
        {
          url: expect.stringMatching(new RegExp(`^${system.baseUrl}/v1/files/image_[0-9a-f]{32}\\.jpg$`)),
          revised_prompt: '一只在太空漂浮的猫',
        },
      ],
      usage: expect.objectContaining({ total_tokens: 0, input_tokens: 0, output_tokens: 0 }),
    });
    expect(Math.abs(answer.body.created - Date.now() / 1000)).toBeLessThan(10);
    const file = await fetchFile(answer.body.data[0]?.url);
    expect(file.type).toBe('image/jpeg');
    expect(await sizeOf(file.bytes)).toBe('1024x1024');
  });

  it.each(['/images/generations', '/v1/images/generations'])('is made at %s', async (path) => {
    const answer = await system.tasks().request('POST', path, { prompt: 'x' });
    expect(answer.status).toBe(200);
  });

  it.each([
    ['1792x1024', '2048x1152'],
    ['512x512', '1024x1024'],
    ['768x1344', '576x1024'],
    ['auto', '1024x1024'],
  ])('of the size %s comes as %s', async (size, made) => {
    const { body } = await images.generate({ prompt: 'x', size });
    const { bytes } = await fetchFile(body.data[0]?.url);
    expect(await sizeOf(bytes)).toBe(made);
  });

  it('is called what it is, whatever the upstream makes', async () => {
    const { body } = await images.generate({ prompt: 'png: x' });
    expect(body.data[0]?.url).toMatch(/\.png$/);
    expect((await fetchFile(body.data[0]?.url)).type).toBe('image/png');
  });

  it('is asked for in the upstream’s terms', async () => {
    await images.generate({ prompt: '用词', size: '1024x1792', quality: 'hd', style: 'vivid', user: 'u1' });
    await images.generate({ prompt: '用词', model: 'grok-imagine-image', quality: 'low' });
    const bodies = (await system.simulator.log({ path: PATH }))
      .map(({ body }) => body as { prompt: string })
      .filter(({ prompt }) => prompt === '用词');
    const common = { prompt: '用词', n: 1, response_format: 'b64_json' };
    expect(bodies).toEqual([
      {
        ...common,
        model: 'grok-imagine-image-2.0',
        aspect_ratio: '9:16',
        resolution: '2k',
        quality: 'medium',
        user: 'u1',
      },
      { ...common, model: 'grok-imagine-image', aspect_ratio: '1:1', resolution: '1k' },
    ]);
  });
});

describe('several images', () => {
  it('come in one answer, made by one call', async () => {
    const { body } = await images.generate({ prompt: '四张', n: 4, response_format: 'b64_json' });
    expect(body.data).toHaveLength(4);
    const files = body.data.map(({ b64_json }) => Buffer.from(b64_json ?? '', 'base64'));
    for (const file of files) expect(await sizeOf(file)).toBe('1024x1024');
    expect(new Set(files.map((file) => file.toString('base64'))).size).toBe(4);
    expect(await images.asked('四张')).toEqual([4]);
  });

  it('in base64 are under both names', async () => {
    const { body } = await images.generate({ prompt: 'x', n: 2, response_format: 'base64' });
    for (const { b64_json, base64, url } of body.data) {
      expect(url).toBeUndefined();
      expect(base64).toBe(b64_json);
      expect(await sizeOf(Buffer.from(base64 ?? '', 'base64'))).toBe('1024x1024');
    }
  });

  it('of which the model gives fewer at a time are asked for once more', async () => {
    const { body } = await images.generate({ prompt: 'fewer:2 补足', n: 4 });
    expect(body.data).toHaveLength(4);
    expect(await images.asked('fewer:2 补足')).toEqual([4, 2]);
    const { body: rest } = await images.generate({ prompt: 'fewer:1 不够', n: 4 });
    expect(rest.data).toHaveLength(2);
    expect(await images.asked('fewer:1 不够')).toEqual([4, 3]);
  });

  it('of which some were refused are those that came', async () => {
    const answer = await images.generate({ prompt: 'moderated:partial 部分', n: 3 });
    expect(answer.status).toBe(200);
    expect(answer.body.data).toHaveLength(2);
    expect(await images.asked('moderated:partial 部分')).toEqual([3]);
  });

  it('are those of the first call when the second one fails', async () => {
    const rule = { match: { path: PATH }, times: 1 };
    await system.simulator.addFault({ ...rule, fault: { delay_ms: 1 } });
    await system.simulator.addFault({ ...rule, times: null, fault: { status: 502, body: 'bad gateway' } });
    const answer = await images.generate({ prompt: 'fewer:1 只有一张', n: 2 });
    expect(answer.status).toBe(200);
    expect(answer.body.data).toHaveLength(1);
  });
});

describe('a stream', () => {
  it('of one image has one event, in the words of both documents', async () => {
    const answer = await images.send({ prompt: '赛博朋克城市夜景', n: 1, stream: true });
    expect(answer.headers.get('content-type')).toContain('text/event-stream');
    expect(answer.headers.get('cache-control')).toContain('no-transform');
    const all = await eventsOf(answer);
    expect(all).toHaveLength(1);
    const [{ event, data } = { event: '', data: undefined }] = all;
    expect(event).toBe('image_generation.completed');
    expect(data).toMatchObject({
      type: 'image_generation.completed',
      created: expect.any(Number),
      created_at: expect.any(Number),
      size: '1024x1024',
      quality: 'auto',
      background: 'opaque',
      output_format: 'jpeg',
      data: [{ url: expect.stringContaining('/v1/files/image_') }],
      url: data?.data?.[0]?.url,
      usage: { total_tokens: 0 },
    });
  });

  it('of several has each as it gets ready, then all', async () => {
    const all = await eventsOf(await images.send({ prompt: 'x', n: 3, stream: true, response_format: 'b64_json' }));
    expect(all.map(({ event }) => event)).toEqual([
      ...Array(3).fill('image_generation.partial_image'),
      'image_generation.completed',
    ]);
    const partial = all.slice(0, 3).map(({ data }) => data);
    expect(partial.map(({ index }) => index)).toEqual([0, 1, 2]);
    const last = all.at(-1)?.data;
    expect(last?.data?.map(({ b64_json }) => b64_json)).toEqual(partial.map(({ b64_json }) => b64_json));
    expect(last?.b64_json).toBe(partial[0]?.b64_json);
    expect(await sizeOf(Buffer.from(partial[2]?.b64_json ?? '', 'base64'))).toBe('1024x1024');
  });

  it('that nothing comes of is an error with a status', async () => {
    const answer = await images.send({ prompt: 'moderated:image', stream: true });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { code: 'content_policy_violation' } });
  });
});

describe('a request is refused', () => {
  it.each([
    [{ prompt: '' }, 400, 'empty_prompt', 'prompt'],
    [{}, 400, 'missing_required_parameter', 'prompt'],
    [{ prompt: 'x', n: 11 }, 400, 'invalid_value', 'n'],
    [{ prompt: 'x', size: 'huge' }, 400, 'invalid_size', 'size'],
    [{ prompt: 'x', model: 'grok-imagine-1.0-video' }, 400, 'model_not_supported', 'model'],
    [{ prompt: 'x', model: 'no-such' }, 404, 'model_not_found', 'model'],
  ])('%j: %i %s', async (body, status, code, param) => {
    const answer = await images.generate(body);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ error: { code, param } });
  });

  it('without a JSON body, and by another method', async () => {
    const url = `${system.baseUrl}/v1/images/generations`;
    expect((await fetch(url, { method: 'POST', body: 'x', headers: { 'content-type': 'text/plain' } })).status).toBe(
      415,
    );
    expect((await fetch(url)).status).toBe(405);
  });
});

it('a client that leaves ends the call of the upstream within a second', async () => {
  const prompt = 'slow:20000 离开';
  const leaving = new AbortController();
  const gone = fetch(`${system.baseUrl}${PATH}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ prompt }),
    signal: leaving.signal,
  }).catch((err: unknown) => err);
  await expect.poll(() => images.asked(prompt), { timeout: 5_000 }).toEqual([1]);
  leaving.abort();
  const leftAt = Date.now();
  await gone;
  const call = async () => (await system.simulator.log({ path: PATH })).find(({ body }) => isOf(body, prompt));
  await expect.poll(async () => (await call())?.ended, { timeout: 3_000 }).toBe('client_closed');
  expect(Date.parse((await call())?.closed_at ?? '') - leftAt).toBeLessThan(1_000);
});

function isOf(body: unknown, prompt: string): boolean {
  return typeof body === 'object' && body !== null && 'prompt' in body && body.prompt === prompt;
}
