import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { startTestSimulator } from './harness.js';
import { plainPicture, readPixels, shareOf } from './pictures.js';

const item = z.strictObject({
  url: z.string().optional(),
  b64_json: z.string().optional(),
  mime_type: z.enum(['image/jpeg', 'image/png']).optional(),
  revised_prompt: z.string().optional(),
  respect_moderation: z.boolean(),
});
// Strict: there is no `created`.
const answerSchema = z.strictObject({
  data: z.array(item),
  usage: z.strictObject({ cost_in_usd_ticks: z.int() }),
});

const bytesOf = ({ b64_json = '' }: z.infer<typeof item>) => Buffer.from(b64_json, 'base64');

/** The pictures of an answer. */
function picturesOf(answer: { status: number; text: string; json: unknown }) {
  if (answer.status !== 200) throw new Error(answer.text);
  return Promise.all(answerSchema.parse(answer.json).data.map((one) => readPixels(bytesOf(one))));
}

const RED = [255, 0, 0, 255] as const;
const GREEN = [0, 255, 0, 255] as const;
const BLUE = [0, 0, 255, 255] as const;
const WHITE = [255, 255, 255, 255] as const;
const CLEAR = [0, 0, 0, 0] as const;

describe('a generation', () => {
  test('is a JPEG with the prompt on a colour that comes from it', async () => {
    const simulator = await startTestSimulator();
    const answer = await simulator.generate('一只橘猫 dancing');
    expect(answerSchema.parse(answer.json)).toEqual({
      data: [
        {
          b64_json: expect.any(String),
          mime_type: 'image/jpeg',
          revised_prompt: '一只橘猫 dancing',
          respect_moderation: true,
        },
      ],
      usage: { cost_in_usd_ticks: 200_000_000 },
    });
    const [picture] = await picturesOf(answer);
    expect(picture).toMatchObject({ type: 'jpeg', width: 1024, height: 1024 });
    expect(shareOf(picture?.pixels ?? new Uint8ClampedArray(), WHITE)).toBeGreaterThan(0.01);
    expect((await simulator.generate('一只橘猫 dancing')).text).toBe(answer.text);
    expect((await simulator.generate('another prompt')).text).not.toBe(answer.text);
  });

  test.each([
    ['auto', '1k', 1024, 1024],
    ['1:1', '2k', 2048, 2048],
    ['3:4', '1k', 768, 1024],
    ['4:3', '1k', 1024, 768],
    ['9:16', '1k', 576, 1024],
    ['16:9', '2k', 2048, 1152],
    ['2:3', '1k', 683, 1024],
    ['3:2', '1k', 1024, 683],
    ['9:19.5', '1k', 473, 1024],
    ['19.5:9', '1k', 1024, 473],
    ['9:20', '1k', 461, 1024],
    ['20:9', '1k', 1024, 461],
    ['1:2', '1k', 512, 1024],
    ['2:1', '1k', 1024, 512],
  ])('of ratio %s in %s is %i×%i', async (aspect_ratio, resolution, width, height) => {
    const simulator = await startTestSimulator();
    expect(await picturesOf(await simulator.generate('a cat', { aspect_ratio, resolution }))).toMatchObject([
      { width, height },
    ]);
  });

  test('is n different pictures, PNG when the prompt says so, at the price of n', async () => {
    const simulator = await startTestSimulator();
    const answer = await simulator.generate('png: a cat', { n: 4, aspect_ratio: '2:1' });
    const { data, usage } = answerSchema.parse(answer.json);
    expect(data.map(({ mime_type }) => mime_type)).toEqual(Array(4).fill('image/png'));
    expect(new Set(data.map(({ b64_json }) => b64_json)).size).toBe(4);
    expect(await picturesOf(answer)).toMatchObject(Array(4).fill({ type: 'png' }));
    expect(usage.cost_in_usd_ticks).toBe(800_000_000);
  });

  test('is had from its URL, for a while', async () => {
    let now = Date.now();
    const simulator = await startTestSimulator({}, () => now);
    const answer = await simulator.generate('a cat', { response_format: null });
    const [one] = answerSchema.parse(answer.json).data;
    expect(one).not.toHaveProperty('b64_json');
    const response = await fetch(one?.url ?? '');
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'image/jpeg']);
    const inline = await simulator.generate('a cat');
    const [same] = answerSchema.parse(inline.json).data;
    expect(Buffer.from(await response.arrayBuffer()).toString('base64')).toBe(same?.b64_json);
    now += 10 * 60 * 1000;
    expect((await fetch(one?.url ?? '')).status).toBe(404);
    expect((await fetch(`${simulator.url}/imgen/nothing.jpeg`)).status).toBe(404);
  });

  test('takes its time, and as long as the prompt says', async () => {
    const simulator = await startTestSimulator({ SIMULATOR_IMAGE_MS: '300' });
    const started = performance.now();
    await simulator.generate('a cat', { n: 2 });
    expect(performance.now() - started).toBeGreaterThanOrEqual(295);
    const again = performance.now();
    await simulator.generate('slow:700 a cat');
    expect(performance.now() - again).toBeGreaterThanOrEqual(695);
  });

  test('ends when its caller leaves', async () => {
    const simulator = await startTestSimulator();
    const leaving = new AbortController();
    const call = fetch(`${simulator.url}/v1/images/generations`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer k' },
      body: JSON.stringify({ model: 'grok-imagine-image', prompt: 'slow:600000 a cat' }),
      signal: leaving.signal,
    });
    await vi.waitFor(async () => expect(await simulator.log()).toMatchObject([{ ended: null }]));
    leaving.abort();
    await expect(call).rejects.toThrow('abort');
    await vi.waitFor(async () => expect(await simulator.log()).toMatchObject([{ ended: 'client_closed' }]));
    expect(simulator.warnings).toEqual([]);
  });
});

describe('an edit', () => {
  test('shows each input, in the ratio of the first', async () => {
    const simulator = await startTestSimulator();
    const inputs = [
      await plainPicture('png', { width: 300, height: 150 }, '#ff0000'),
      await plainPicture('jpeg', { width: 100, height: 100 }, '#00ff00'),
      await plainPicture('webp', { width: 50, height: 80 }, '#0000ff'),
    ];
    const [picture] = await picturesOf(await simulator.edit('把它们放在一起', inputs));
    expect(picture).toMatchObject({ type: 'jpeg', width: 1024, height: 512 });
    for (const color of [RED, GREEN, BLUE]) {
      expect(shareOf(picture?.pixels ?? new Uint8ClampedArray(), color)).toBeGreaterThan(0.01);
    }
    const [other] = await picturesOf(await simulator.edit('together', inputs, { aspect_ratio: '9:16' }));
    expect(other).toMatchObject({ width: 576, height: 1024 });
    for (const color of [RED, GREEN, BLUE]) {
      expect(shareOf(other?.pixels ?? new Uint8ClampedArray(), color)).toBeGreaterThan(0.01);
    }
  });

  test('takes one input as `image`', async () => {
    const simulator = await startTestSimulator();
    const url = await plainPicture('png', { width: 64, height: 128 }, '#ff0000');
    const [picture] = await picturesOf(await simulator.edit('a cat', [], { images: null, image: { url } }));
    expect(picture).toMatchObject({ width: 512, height: 1024 });
    expect(shareOf(picture?.pixels ?? new Uint8ClampedArray(), RED)).toBeGreaterThan(0.2);
  });

  test('keeps transparency in a PNG, and fills it with white in a JPEG', async () => {
    const simulator = await startTestSimulator();
    const cleared = { left: 0, top: 0, width: 100, height: 50 };
    const url = await plainPicture('png', { width: 100, height: 100 }, '#ff0000', cleared);
    const [png] = await picturesOf(await simulator.edit('png: a cat', [url]));
    expect(shareOf(png?.pixels ?? new Uint8ClampedArray(), CLEAR)).toBeGreaterThan(0.1);
    const [jpeg] = await picturesOf(await simulator.edit('a cat', [url]));
    expect(shareOf(jpeg?.pixels ?? new Uint8ClampedArray(), CLEAR)).toBe(0);
    expect(shareOf(jpeg?.pixels ?? new Uint8ClampedArray(), WHITE)).toBeGreaterThan(0.1);
  });

  test('refuses inputs that are too many, too large, missing or broken', async () => {
    const simulator = await startTestSimulator();
    const url = await plainPicture('png', { width: 8, height: 8 }, '#ff0000');
    const padded = Buffer.concat([Buffer.from(url.split(',')[1] ?? '', 'base64'), Buffer.alloc(10 * 1024 * 1024)]);
    const refused = [
      simulator.edit('a cat', []),
      simulator.edit('a cat', [], { images: null }),
      simulator.edit('a cat', [url], { image: { url } }),
      simulator.edit('a cat', [url, url, url, url]),
      simulator.edit('a cat', ['data:image/png;base64,AAAA']),
      simulator.edit('a cat', [`data:image/png;base64,${padded.toString('base64')}`]),
      simulator.edit('a cat', ['http://10.0.0.1/cat.png']),
    ];
    for (const answer of await Promise.all(refused)) {
      expect(answer.status).toBe(400);
      expect(answer.json).toMatchObject({ code: 'invalid-argument' });
    }
  });
});

describe('a request is refused', () => {
  test.each([
    [404, { model: 'grok-imagine-image-0' }, 'does not exist'],
    [400, { model: 'grok-4.7' }, 'does not support image generation'],
    [400, { prompt: ' ' }, '`prompt`'],
    [400, { n: 0 }, '`n`'],
    [400, { n: 11 }, '`n`'],
    [400, { aspect_ratio: '5:4' }, '`aspect_ratio`'],
    [400, { resolution: '4k' }, '`resolution`'],
    [400, { response_format: 'base64' }, '`response_format`'],
    [400, { quality: 'low' }, 'Argument not supported on this model: quality'],
    [400, { model: 'grok-imagine-image-2.0', quality: 'high' }, '`quality`'],
    [400, { size: '1024x1024' }, 'Argument not supported: size'],
    [400, { style: 'vivid' }, 'Argument not supported: style'],
    [400, { seed: 1 }, 'Argument not supported: seed'],
    [400, { mask: { url: 'x' } }, 'Argument not supported: mask'],
  ])('%i for %j', async (status, body, words) => {
    const simulator = await startTestSimulator();
    const url = await plainPicture('png', { width: 8, height: 8 }, '#ff0000');
    for (const answer of [await simulator.generate('a cat', body), await simulator.edit('a cat', [url], body)]) {
      expect(answer.status).toBe(status);
      expect(answer.json).toEqual({ code: expect.any(String), error: expect.stringContaining(words) });
    }
  });

  test('when it is multipart', async () => {
    const simulator = await startTestSimulator();
    const body = new FormData();
    body.set('prompt', 'a cat');
    const headers = { authorization: 'Bearer k' };
    expect((await fetch(`${simulator.url}/v1/images/edits`, { method: 'POST', headers, body })).status).toBe(415);
  });

  test('but the quality is for the newer model', async () => {
    const simulator = await startTestSimulator();
    const answer = await simulator.generate('a cat', { model: 'grok-imagine-image-2.0', quality: 'low', style: null });
    expect(answer.status).toBe(200);
  });
});

describe('magic words', () => {
  test('moderated:image is 400', async () => {
    const simulator = await startTestSimulator();
    const answer = await simulator.generate('moderated:image');
    expect([answer.status, answer.json]).toEqual([
      400,
      { code: 'imagine:content-moderated', error: 'Generated image rejected by content moderation.' },
    ]);
  });

  test('moderated:partial takes one picture away', async () => {
    const simulator = await startTestSimulator();
    const { data } = answerSchema.parse((await simulator.generate('moderated:partial', { n: 3 })).json);
    expect(data.map(({ respect_moderation }) => respect_moderation)).toEqual([true, true, false]);
    expect(data[2]).toEqual({ respect_moderation: false });
  });

  test('empty:image and garbage:image have no picture', async () => {
    const simulator = await startTestSimulator();
    const first = async (prompt: string, body = {}) =>
      answerSchema.parse((await simulator.generate(prompt, body)).json).data[0];
    expect(await first('empty:image')).toMatchObject({ b64_json: '' });
    expect(await first('empty:image', { response_format: 'url' })).toMatchObject({ url: '' });
    const garbage = await first('garbage:image');
    expect(Buffer.from(garbage?.b64_json ?? '', 'base64').toString()).toBe('These bytes are no picture.');
    const { url = '' } = (await first('garbage:image', { response_format: 'url' })) ?? {};
    expect(await (await fetch(url)).text()).toBe('These bytes are no picture.');
  });

  test('fewer:N gives fewer than were asked for', async () => {
    const simulator = await startTestSimulator();
    const { data, usage } = answerSchema.parse((await simulator.generate('fewer:2', { n: 5 })).json);
    expect(data).toHaveLength(2);
    expect(usage.cost_in_usd_ticks).toBe(400_000_000);
    expect(answerSchema.parse((await simulator.generate('fewer:2', { n: 1 })).json).data).toHaveLength(1);
  });
});

test('fault rules hit images', async () => {
  const simulator = await startTestSimulator();
  await simulator.addFault({ match: { model: 'grok-imagine-image' }, fault: { status: 429 } });
  await simulator.addFault({ match: { path: '/v1/images' }, fault: { cut: 'mid_body' } });
  expect((await simulator.generate('a cat')).status).toBe(429);
  await expect(simulator.generate('a cat')).rejects.toThrow('terminated');
  expect((await simulator.generate('a cat')).status).toBe(200);
});

test('other calls are answered while pictures are drawn', async () => {
  const simulator = await startTestSimulator();
  let isDrawn = false;
  const drawing = simulator.generate('a cat '.repeat(400), { n: 10, resolution: '2k' }).then((answer) => {
    isDrawn = true;
    return answer;
  });
  for (let n = 0; n < 3; n += 1) expect((await simulator.ask('GET', '/v1/models')).status).toBe(200);
  expect(isDrawn).toBe(false);
  expect((await drawing).status).toBe(200);
});
