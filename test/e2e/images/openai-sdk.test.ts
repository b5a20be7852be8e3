import { TestSystem } from '@grok2api/testkit';
import OpenAI, { toFile } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pictureFile } from '../support/picture.js';
import { fetchFile, sizeOf } from './support/image-client.js';

const KEY = 'alice-secret-0001';
let system: TestSystem;
let openai: OpenAI;

beforeAll(async () => {
  system = await TestSystem.start({ env: { API_KEYS: `alice:${KEY}`, SIMULATOR_IMAGE_MS: '50' } });
  openai = new OpenAI({ baseURL: `${system.baseUrl}/v1`, apiKey: KEY, maxRetries: 2 });
});
afterAll(async () => {
  await system?.stop();
});

const upload = async (color: string) =>
  toFile(await pictureFile({ width: 200, height: 100, color }), `${color}.png`, { type: 'image/png' });
const failure = async (asked: Promise<unknown>) => {
  const err = await asked.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (err instanceof OpenAI.APIError) return err;
  throw new Error(`no API error but ${String(err)}`);
};

describe('images.generate', () => {
  it('gives URLs, which need no key', async () => {
    const { data, created } = await openai.images.generate({ prompt: '一只猫', model: 'grok-imagine-1.0', n: 2 });
    expect(created).toBeGreaterThan(1_700_000_000);
    expect(data).toHaveLength(2);
    expect(await sizeOf((await fetchFile(data?.[0]?.url)).bytes)).toBe('1024x1024');
  });

  it('gives base64, in the size that is asked for', async () => {
    const { data } = await openai.images.generate({
      prompt: '一只猫',
      size: '1792x1024',
      quality: 'hd',
      style: 'vivid',
      response_format: 'b64_json',
    });
    expect(await sizeOf(Buffer.from(data?.[0]?.b64_json ?? '', 'base64'))).toBe('2048x1152');
  });

  it('streams', async () => {
    const stream = await openai.images.generate({ prompt: 'x', n: 2, stream: true, response_format: 'b64_json' });
    const events: OpenAI.ImageGenStreamEvent[] = [];
    for await (const event of stream) events.push(event);
    expect(events.map(({ type }) => type)).toEqual([
      'image_generation.partial_image',
      'image_generation.partial_image',
      'image_generation.completed',
    ]);
    const last = events.at(-1);
    expect(last).toMatchObject({ output_format: 'jpeg', usage: { total_tokens: 0 }, created_at: expect.any(Number) });
    expect(await sizeOf(Buffer.from(last?.b64_json ?? '', 'base64'))).toBe('1024x1024');
  });

  it('throws the errors that it knows, and does not try again what is paid', async () => {
    expect(await failure(openai.images.generate({ prompt: '' }))).toMatchObject({
      status: 400,
      code: 'empty_prompt',
      param: 'prompt',
      type: 'invalid_request_error',
    });
    const moderated = await failure(openai.images.generate({ prompt: 'moderated:image 一次' }));
    expect(moderated).toMatchObject({ status: 400, code: 'content_policy_violation' });
    expect(moderated).toBeInstanceOf(OpenAI.BadRequestError);
    const broken = await failure(openai.images.generate({ prompt: 'garbage:image 一次' }));
    expect(broken).toMatchObject({ status: 502, code: 'upstream_error' });
    const asked = await system.simulator.log({ path: '/v1/images/generations' });
    for (const word of ['moderated:image 一次', 'garbage:image 一次']) {
      expect(asked.filter(({ body }) => (body as { prompt: string }).prompt === word)).toHaveLength(1);
    }
    const wrong = new OpenAI({ baseURL: `${system.baseUrl}/v1`, apiKey: 'wrong-secret', maxRetries: 0 });
    expect(await failure(wrong.images.generate({ prompt: 'x' }))).toBeInstanceOf(OpenAI.AuthenticationError);
    expect(await failure(openai.images.generate({ prompt: 'x', model: 'dall-e-3' }))).toMatchObject({
      status: 404,
      code: 'model_not_found',
    });
  });
});

describe('images.edit', () => {
  it('takes a file', async () => {
    const { data } = await openai.images.edit({ prompt: '加上蓝天', image: await upload('red') });
    expect(await sizeOf((await fetchFile(data?.[0]?.url)).bytes)).toBe('1024x512');
  });

  it('takes several', async () => {
    const image = [await upload('red'), await upload('green'), await upload('blue'), await upload('yellow')];
    const { data } = await openai.images.edit({ prompt: '合在一起', image, n: 2, model: 'grok-imagine-1.0-edit' });
    expect(data).toHaveLength(2);
  });

  it('streams', async () => {
    const stream = await openai.images.edit({
      prompt: 'x',
      image: await upload('red'),
      stream: true,
      response_format: 'b64_json',
    });
    const events: OpenAI.ImageEditStreamEvent[] = [];
    for await (const event of stream) events.push(event);
    expect(events).toMatchObject([{ type: 'image_edit.completed', b64_json: expect.any(String) }]);
  });

  it('throws the errors that it knows', async () => {
    const image = await upload('red');
    expect(await failure(openai.images.edit({ prompt: 'x', image, mask: await upload('white') }))).toMatchObject({
      status: 400,
      code: 'mask_not_supported',
      param: 'mask',
    });
    const text = await toFile(Buffer.from('no picture'), 'x.png', { type: 'image/png' });
    expect(await failure(openai.images.edit({ prompt: 'x', image: text }))).toMatchObject({
      status: 400,
      code: 'invalid_image',
    });
    const many = await Promise.all(Array.from({ length: 17 }, () => upload('red')));
    expect(await failure(openai.images.edit({ prompt: 'x', image: many }))).toMatchObject({
      status: 400,
      code: 'too_many_files',
    });
  });
});
