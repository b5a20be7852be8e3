import { randomBytes } from 'node:crypto';
import { TestSystem } from '@grok2api/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { mediaFiles } from '../support/media-files.js';
import { picture, pictureFile } from '../support/picture.js';
import { bombPng } from '../support/png.js';
import { colorsIn, hue } from './support/colors.js';
import { eventsOf, fetchFile, form, ImageClient, sizeOf } from './support/image-client.js';

const MIB = 1024 * 1024;
const PATH = '/v1/images/edits';

let system: TestSystem;
let red: Buffer;
let wide: Buffer;
const images = new ImageClient(() => system);

beforeAll(async () => {
  system = await TestSystem.start({ env: { SIMULATOR_IMAGE_MS: '50' } });
  red = await pictureFile({ width: 300, height: 200, color: 'red' });
  wide = await pictureFile({ width: 1600, height: 800, color: 'blue' });
});
afterEach(() => system.simulator.clearFaults());
afterAll(async () => {
  await system?.stop();
});

/** What the upstream was sent for a prompt, the pictures shortened. */
async function sent(prompt: string): Promise<{ image?: object; images?: object[]; [field: string]: unknown }> {
  const bodies = (await system.simulator.log({ path: PATH })).map(({ body }) => body as Record<string, unknown>);
  return bodies.find((body) => body?.prompt === prompt) ?? {};
}

/** Files that are only there while an edit is made. */
const uploads = async () => (await mediaFiles(system)).filter((name) => name.startsWith('file_'));

describe('an edit of a file', () => {
  it('shows it, in its shape, and leaves nothing of it behind', async () => {
    const answer = await images.edit(
      form(
        ['model', 'grok-imagine-1.0-edit'],
        ['prompt', '把图片变清晰'],
        ['image', wide, 'image.png'],
        ['n', '1'],
        ['response_format', 'url'],
      ),
    );
    expect(answer.status).toBe(200);
    const { bytes } = await fetchFile(answer.body.data[0]?.url);
    expect(await sizeOf(bytes)).toBe('1024x512');
    expect(await colorsIn(bytes, ['#0000ff'])).toEqual(['#0000ff']);
    const body = await sent('把图片变清晰');
    expect(body).toMatchObject({ aspect_ratio: 'auto', n: 1, image: { url: expect.any(String) } });
    expect(body).not.toHaveProperty('resolution');
    await expect.poll(uploads, { timeout: 5_000 }).toEqual([]);
  });

  it('may be called what it likes, in the field image[] too, and have a size of its own', async () => {
    const answer = await images.edit(
      form(['prompt', '名字'], ['image[]', red, '../../x.exe'], ['size', '1024x1536'], ['n', '2'], ['quality', '']),
    );
    expect(answer.status).toBe(200);
    expect(answer.body.data).toHaveLength(2);
    expect(await sent('名字')).toMatchObject({ aspect_ratio: '2:3', resolution: '2k' });
  });

  it('streams', async () => {
    const body = form(['prompt', 'x'], ['image', red, 'x.png'], ['stream', 'true'], ['n', '2']);
    const all = await eventsOf(await fetch(`${system.baseUrl}/images/edits`, { method: 'POST', body }));
    expect(all.map(({ event }) => event)).toEqual([
      'image_edit.partial_image',
      'image_edit.partial_image',
      'image_edit.completed',
    ]);
    expect(all.at(-1)?.data).toMatchObject({ type: 'image_edit.completed', data: [{ url: expect.any(String) }, {}] });
  });
});

describe('an edit of several files', () => {
  it.each([2, 3, 4, 16])('of which there are %i shows each of them', async (count) => {
    const colors = Array.from({ length: count }, (_, n) => hue(n / count));
    const parts = colors.map(async (color): Promise<[string, Buffer, string]> => {
      return ['image', await pictureFile({ width: 64, height: 64, color }), 'x.png'];
    });
    const answer = await images.edit(form(['prompt', `${count} 张`], ...(await Promise.all(parts))));
    expect(answer.status).toBe(200);
    const { bytes } = await fetchFile(answer.body.data[0]?.url);
    expect(await colorsIn(bytes, colors)).toEqual(colors);
    expect((await sent(`${count} 张`)).images).toHaveLength(Math.min(count, 3));
    await expect.poll(uploads, { timeout: 5_000 }).toEqual([]);
  });
});

describe('a JSON edit', () => {
  const post = (body: object) => system.tasks().request('POST', PATH, body);

  it('takes data URLs and addresses of this server, in any of the forms', async () => {
    const made = await images.generate({ prompt: 'x' });
    const url = made.body.data[0]?.url ?? '';
    const data = await picture({ width: 40, height: 30, color: 'red' });
    const answer = await post({ prompt: '数据', images: [{ image_url: data }, { url }], image: data });
    expect(answer.status).toBe(200);
    expect((await sent('数据')).images).toHaveLength(3);
    await expect.poll(uploads, { timeout: 5_000 }).toEqual([]);
    // The address is still good.
    expect((await fetchFile(url)).type).toBe('image/jpeg');
  });

  it.each([
    [{ image: 'http://127.0.0.1:1/x.png' }, 'invalid_image_url'],
    [{ image: 'http://169.254.169.254/x.png' }, 'invalid_image_url'],
    [{ image: 'data:image/png;base64,AAAA' }, 'invalid_image'],
    [{ image: 'https://picture.invalid/x.png' }, 'image_fetch_failed'],
    [{ images: [] }, 'missing_required_parameter'],
    [{}, 'missing_required_parameter'],
    [{ image: Array(17).fill('https://example.com/x.png') }, 'invalid_value'],
    [{ image: 'https://example.com/x.png', mask: 'https://example.com/m.png' }, 'mask_not_supported'],
  ])('of %j is refused as %s', async (body, code) => {
    const answer = await post({ prompt: '不可', ...body });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { code } });
    await expect.poll(uploads, { timeout: 5_000 }).toEqual([]);
    expect(await images.asked('不可')).toEqual([]);
  });
});

describe('an edit is refused, and nothing of it stays', () => {
  const png = (): [string, Buffer, string] => ['image', red, 'x.png'];
  const webp = Buffer.from('UklGRiQAAABXRUJQVlA4IBgAAAAwAQCdASoBAAEAAgA0JaQAA3AA/vuUAAA=', 'base64');

  it.each<[string, () => FormData, string, string]>([
    [
      'a program that is called a picture',
      () => form(['prompt', 'x'], ['image', Buffer.concat([Buffer.from('MZ'), randomBytes(MIB)]), 'x.png']),
      'invalid_image',
      'image',
    ],
    [
      'a bomb',
      () => form(['prompt', 'x'], png(), ['image', bombPng(50_000, 50_000), 'x.png']),
      'invalid_image',
      'image',
    ],
    ['a cut WebP', () => form(['prompt', 'x'], ['image', webp.subarray(0, 40), 'x.webp']), 'invalid_image', 'image'],
    ['a cut PNG', () => form(['prompt', 'x'], ['image', red.subarray(0, 60), 'x.png']), 'invalid_image', 'image'],
    [
      '51 MB',
      () => form(['prompt', 'x'], ['image', Buffer.concat([red, Buffer.alloc(51 * MIB)]), 'x.png']),
      'file_too_large',
      'image',
    ],
    ['17 files', () => form(['prompt', 'x'], ...Array.from({ length: 17 }, png)), 'too_many_files', 'image'],
    ['no file', () => form(['prompt', 'x']), 'missing_file', 'image'],
    ['a file in another field', () => form(['prompt', 'x'], ['picture', red, 'x.png']), 'missing_file', 'image'],
    ['a mask', () => form(['prompt', 'x'], png(), ['mask', red, 'm.png']), 'mask_not_supported', 'mask'],
    ['no prompt', () => form(png()), 'missing_required_parameter', 'prompt'],
    ['an empty prompt', () => form(['prompt', ''], png()), 'empty_prompt', 'prompt'],
    ['an empty size', () => form(['prompt', 'x'], ['size', ''], png()), 'invalid_size', 'size'],
    ['a bad number', () => form(['prompt', 'x'], ['n', 'many'], png()), 'invalid_type', 'n'],
    ['another model', () => form(['prompt', 'x'], ['model', 'grok-2'], png()), 'model_not_supported', 'model'],
  ])('of %s', async (_name, body, code, param) => {
    const before = await mediaFiles(system);
    const answer = await images.edit(body());
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ error: { code, param } });
    await expect.poll(() => mediaFiles(system), { timeout: 5_000 }).toEqual(before);
  });

  it('as another kind of body', async () => {
    const answer = await fetch(system.baseUrl + PATH, {
      method: 'POST',
      body: 'x',
      headers: { 'content-type': 'text/plain' },
    });
    expect(answer.status).toBe(415);
    expect(await answer.json()).toMatchObject({ error: { message: expect.stringContaining('multipart/form-data') } });
  });

  it('by the upstream', async () => {
    const answer = await images.edit(form(['prompt', 'moderated:image'], png()));
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ error: { code: 'content_policy_violation' } });
    expect(answer.headers.get('x-should-retry')).toBe('false');
    await expect.poll(uploads, { timeout: 5_000 }).toEqual([]);
  });
});
