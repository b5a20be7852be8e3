import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ApiError } from '@grok2api/contracts';
import { FilesystemMediaStore, type MediaSource, type PutOptions } from '@grok2api/media-store';
import { createLogger } from '@grok2api/service-kit';
import express, { type RequestHandler } from 'express';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answerErrors } from '../src/middleware/errors.js';
import { createUpload, uploadedPictures } from '../src/upload.js';

const MIB = 1024 * 1024;
const JPG = Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex');

const log = createLogger({ service: 'test', instance: 'test', level: 'silent' });

/** A store whose disk can fail. */
class FragileStore extends FilesystemMediaStore {
  fault: Error | undefined;

  override async put(id: string, source: MediaSource, options: PutOptions) {
    if (!this.fault) return super.put(id, source, options);
    const fault = this.fault;
    async function* some() {
      for await (const chunk of source) {
        yield chunk;
        throw fault;
      }
    }
    return super.put(id, some(), options);
  }
}

let root: string;
let media: FragileStore;
let server: Server;
let handle: RequestHandler;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'upload-'));
  media = new FragileStore(root);
  handle = (req, res) => {
    res.json({ pictures: uploadedPictures(req), fields: req.body });
  };
  const upload = createUpload({
    media,
    randomHex: () => randomBytes(16).toString('hex'),
    log,
    fieldNames: ['image', 'image[]'],
    maxFiles: 16,
    maxFileBytes: 50 * MIB,
    maxFields: 20,
    maxFieldBytes: 100,
  });
  const app = express();
  app.post('/', upload, (req, res, next) => handle(req, res, next));
  app.use(answerErrors(log));
  server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await rm(root, { recursive: true });
});

function url(): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

function pictures(count: number, field = 'image'): FormData {
  const form = new FormData();
  for (let n = 0; n < count; n++) form.append(field, new Blob([JPG, Buffer.alloc(70_000, n)]), `${n}.png`);
  return form;
}

async function send(body: FormData): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(url(), { method: 'POST', body });
  return { status: answer.status, body: await answer.json() };
}

async function stored(): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

describe('an upload of many files', () => {
  it('takes them in the order they come, whatever their field is called, and the other fields', async () => {
    const form = pictures(2);
    form.append('image[]', new Blob([JPG]), 'last.jpg');
    form.append('prompt', '海豚');
    form.append('__proto__', 'x');
    const { status, body } = await send(form);
    expect(status).toBe(200);
    const mediaId = expect.stringMatching(/^file_[0-9a-f]{32}\.jpg$/);
    expect(body).toMatchObject({
      pictures: [
        { mediaId, bytes: 70_000 + JPG.length, originalName: '0.png' },
        { mediaId, bytes: 70_000 + JPG.length, originalName: '1.png' },
        { mediaId, bytes: JPG.length, originalName: 'last.jpg' },
      ],
      fields: { prompt: '海豚' },
    });
    expect(await stored()).toHaveLength(3);
  });

  it('takes as many as it may, and nothing of more', async () => {
    expect((await send(pictures(16, 'image[]'))).status).toBe(200);
    expect(await stored()).toHaveLength(16);
    expect(await send(pictures(17))).toMatchObject({
      status: 400,
      body: { error: { code: 'too_many_files', param: 'image', message: expect.stringContaining('which is 16') } },
    });
    expect(await stored()).toHaveLength(16);
  });

  it.each<[string, (form: FormData) => void, string]>([
    ['one that is no picture', (form) => form.append('image', new Blob(['MZ']), 'x.png'), 'invalid_image'],
    [
      'one that is too large',
      (form) => form.append('image', new Blob([JPG, Buffer.alloc(50 * MIB)]), 'x'),
      'file_too_large',
    ],
    ['one in another field', (form) => form.append('mask', new Blob([JPG]), 'x.jpg'), 'missing_file'],
    ['a long field', (form) => form.append('prompt', 'x'.repeat(101)), 'invalid_multipart'],
  ])('keeps none when there is %s among them', async (_name, spoil, code) => {
    const form = pictures(3);
    spoil(form);
    for (const [name, value] of pictures(2)) form.append(name, value);
    expect(await send(form)).toMatchObject({ status: 400, body: { error: { code } } });
    expect(await stored()).toEqual([]);
  });

  it('is removed again when the request is refused afterwards', async () => {
    handle = () => {
      throw new ApiError('empty_prompt', { param: 'prompt' });
    };
    expect(await send(pictures(3))).toMatchObject({ status: 400, body: { error: { code: 'empty_prompt' } } });
    await expect.poll(stored).toEqual([]);
  });

  it('stays when something may have begun', async () => {
    handle = () => {
      throw new ApiError('service_unavailable');
    };
    expect((await send(pictures(3))).status).toBe(503);
    expect(await stored()).toHaveLength(3);
  });

  it('fails as the server does when the store fails, in the middle of a large body too', async () => {
    media.fault = new Error('no space left on device');
    const form = pictures(1);
    form.append('image', new Blob([JPG, Buffer.alloc(20 * MIB)]), 'x.jpg');
    expect(await send(form)).toMatchObject({ status: 500, body: { error: { code: 'internal_error' } } });
    expect(await stored()).toEqual([]);
  });

  it('holds none of them in memory', async () => {
    const boundary = 'boundary';
    const content = Buffer.concat([JPG, randomBytes(50 * MIB - JPG.length)]);
    async function* body() {
      for (let n = 0; n < 16; n++) {
        yield `--${boundary}\r\ncontent-disposition: form-data; name="image[]"; filename="${n}.jpg"\r\n\r\n`;
        for (let at = 0; at < content.length; at += 65_536) yield content.subarray(at, at + 65_536);
        yield '\r\n';
      }
      yield `--${boundary}--\r\n`;
    }
    const before = process.memoryUsage.rss();
    let peak = before;
    const watching = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage.rss());
    }, 20);
    const sent = request(url(), {
      method: 'POST',
      headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    });
    const answered = once(sent, 'response');
    await pipeline(Readable.from(body()), sent);
    const [answer] = await answered;
    clearInterval(watching);
    expect(answer.statusCode).toBe(200);
    expect(await stored()).toHaveLength(16);
    expect((peak - before) / MIB).toBeLessThan(64);
  });
});
