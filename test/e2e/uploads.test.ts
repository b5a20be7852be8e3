import { randomBytes } from 'node:crypto';
import { type ClientRequest, request } from 'node:http';
import { MemoryWatch, TestSystem } from '@grok2api/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mediaFiles } from './support/media-files.js';

const MIB = 1024 * 1024;
/** What these types begin with; the rest is noise, since nothing decodes an upload. */
const HEADS = {
  png: Buffer.from('89504e470d0a1a0a0000000d4948445200000004000000040802000000269309290000001049444154', 'hex'),
  jpg: Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex'),
  webp: Buffer.concat([Buffer.from('RIFF\0\0\0\0WEBPVP8 ')]),
};

let system: TestSystem;
beforeAll(async () => {
  system = await TestSystem.start();
});
afterAll(async () => {
  await system?.stop();
});

function picture(type: keyof typeof HEADS, bytes: number): Buffer {
  return Buffer.concat([HEADS[type], randomBytes(bytes - HEADS[type].length)]);
}

const stored = () => mediaFiles(system);

function form(...parts: [field: string, content: Buffer | string, name?: string][]): FormData {
  const body = new FormData();
  for (const [field, content, name] of parts) {
    if (name === undefined) body.append(field, String(content));
    else body.append(field, new Blob([Buffer.from(content)]), name);
  }
  return body;
}

async function upload(body: FormData): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(`${system.baseUrl}/v1/video/upload`, { method: 'POST', body });
  return { status: answer.status, body: await answer.json() };
}

describe('an upload', () => {
  it.each([
    ['png', 'image/png'],
    ['jpg', 'image/jpeg'],
    ['webp', 'image/webp'],
  ] as const)('is a %s by its content, whatever it is called', async (type, contentType) => {
    const content = picture(type, 3 * MIB + 1);
    const answer = await upload(form(['file', content, 'picture.exe']));
    expect(answer).toMatchObject({
      status: 200,
      body: {
        file_id: expect.stringMatching(/^file_[0-9a-f]{32}$/),
        file_uri: expect.stringMatching(/^uploads\/[0-9a-f]{32}\/picture\.exe$/),
        image_url: expect.stringMatching(new RegExp(`/v1/files/file_[0-9a-f]{32}\\.${type}$`)),
      },
    });
    const served = await fetch((answer.body as { image_url: string }).image_url);
    expect(served.headers.get('content-type')).toBe(contentType);
    expect(Buffer.from(await served.arrayBuffer()).equals(content)).toBe(true);
  });

  it.each([
    ['../../../../etc/passwd', 'passwd'],
    ['..\\..\\windows\\system32\\x.png', 'x.png'],
    ['/', 'file'],
    ['..', 'file'],
    ['a b<script>"\'.png', 'a_b_script___.png'],
    ['狗\r\n.png', '狗__.png'],
    ['x'.repeat(1000), 'x'.repeat(200)],
  ])('is stored under a name of ours, and called %j', async (name, plain) => {
    const before = new Set(await stored());
    const answer = await upload(form(['file', picture('png', 100), name]));
    expect(answer.status).toBe(200);
    const { file_uri } = answer.body as { file_uri: string };
    const shown = file_uri.split('/');
    expect(shown).toHaveLength(3);
    expect(shown[2]).toBe(plain);
    const added = (await stored()).filter((each) => !before.has(each));
    expect(added).toEqual([expect.stringMatching(/^file_[0-9a-f]{32}\.png$/)]);
  });

  it('may have 50 MiB, and other fields, whatever they are called', async () => {
    const fields = ['__proto__', 'constructor', '__proto__[x]', 'a[toString]'] as const;
    const answer = await upload(
      form(...fields.map((name): [string, string] => [name, 'x']), ['file', picture('jpg', 50 * MIB), 'x.jpg']),
    );
    expect(answer.status).toBe(200);
    expect((await system.tasks().request('GET', '/healthz')).status).toBe(200);
  });

  const good: [string, Buffer, string] = ['file', picture('png', 100_000), 'x.png'];
  it.each<[string, FormData, string, object?]>([
    [
      'a program that is called a picture',
      form(['file', Buffer.concat([Buffer.from('MZ'), randomBytes(5 * MIB)]), 'x.png']),
      'invalid_image',
    ],
    ['an empty file', form(['file', '', 'x.png']), 'invalid_image', { param: 'file' }],
    ['a GIF', form(['file', 'GIF89a', 'x.gif']), 'invalid_image', { param: 'file' }],
    ['no file', form(['prompt', 'x']), 'missing_file', { param: 'file' }],
    ['nothing', form(), 'missing_file', { param: 'file' }],
    ['a text where the file should be', form(['file', 'x']), 'missing_file'],
    ['another field', form(['image', good[1], 'x.png']), 'missing_file', { param: 'file' }],
    ['another field, after the file', form(good, ['image', good[1], 'x.png']), 'too_many_files'],
    ['a file in __proto__', form(['__proto__', good[1], 'x.png']), 'missing_file'],
    ['two files', form(good, good), 'too_many_files', { message: expect.stringContaining('which is 1') }],
    [
      '51 MiB',
      form(['file', picture('png', 51 * MIB), 'x.png']),
      'file_too_large',
      { message: 'The file is larger than 50 MB.' },
    ],
    ['one byte too many', form(['file', picture('png', 50 * MIB + 1), 'x.png']), 'file_too_large'],
    [
      'many fields',
      form(good, ...Array.from({ length: 11 }, (_, n): [string, string] => [`f${n}`, 'x'])),
      'invalid_multipart',
    ],
    ['a long field', form(good, ['text', 'x'.repeat(10_001)]), 'invalid_multipart'],
    ['a long field name', form(good, ['x'.repeat(101), 'x']), 'invalid_multipart'],
  ])('of %s is refused, and nothing stays', async (_name, body, code, details) => {
    const before = await stored();
    const answer = await upload(body);
    expect(answer).toMatchObject({
      status: 400,
      body: { error: { code, type: 'invalid_request_error', ...details } },
    });
    expect((await stored()).sort()).toEqual(before.sort());
  });
});

describe('a multipart body that a browser would not send', () => {
  const BOUNDARY = 'boundary';
  const partHead = (field: string, name: string) =>
    `--${BOUNDARY}\r\ncontent-disposition: form-data; name="${field}"; filename="${name}"\r\n\r\n`;

  function open(headers: Record<string, string> = {}): ClientRequest {
    return request(`${system.baseUrl}/v1/video/upload`, {
      method: 'POST',
      headers: { 'content-type': `multipart/form-data; boundary=${BOUNDARY}`, ...headers },
    });
  }

  async function answerTo(sent: ClientRequest, body: Buffer): Promise<{ status: number | undefined; body: unknown }> {
    return new Promise((resolve, reject) => {
      sent.on('error', reject);
      sent.on('response', async (answer) => {
        const text = Buffer.concat(await answer.toArray()).toString();
        resolve({ status: answer.statusCode, body: JSON.parse(text) });
      });
      sent.end(body);
    });
  }

  it.each<[string, Buffer, Record<string, string>, RegExp]>([
    ['has no end', Buffer.concat([Buffer.from(partHead('file', 'x.png')), picture('png', MIB)]), {}, /end of form/],
    ['has no boundary', Buffer.from('x'), { 'content-type': 'multipart/form-data' }, /[Bb]oundary/],
    ['has a part without a header', Buffer.from(`--${BOUNDARY}\r\nnonsense\r\n--${BOUNDARY}--\r\n`), {}, /header/],
    ['is none', Buffer.from('nonsense'), {}, /end of form/],
  ])('%s: 400, and nothing stays', async (_name, body, headers, reason) => {
    const before = await stored();
    expect(await answerTo(open(headers), body)).toMatchObject({
      status: 400,
      body: { error: { code: 'invalid_multipart', message: expect.stringMatching(reason) } },
    });
    expect(await stored()).toEqual(before);
  });

  it('is cut: nothing stays', async () => {
    const before = await stored();
    const sent = open({ 'x-request-id': 'cut' });
    sent.on('error', () => {});
    sent.write(partHead('file', 'x.png'));
    sent.write(picture('png', 3 * MIB));
    await expect.poll(async () => (await stored()).length, { timeout: 5_000 }).toBe(before.length + 1);
    sent.destroy();
    await system.logLine({ request_id: 'cut', msg: 'request', aborted: true });
    await expect.poll(stored, { timeout: 5_000 }).toEqual(before);
  });
});

it('costs the gateway no memory, also sixteen at a time', async () => {
  const content = picture('jpg', 50 * MIB);
  const watch = new MemoryWatch([system.pid('api-gateway')]);
  const answers = await Promise.all(Array.from({ length: 16 }, () => upload(form(['file', content, 'x.jpg']))));
  expect(answers.map(({ status }) => status)).toEqual(Array(16).fill(200));
  expect(watch.stop()[0]?.growth).toBeLessThan(64);
});
