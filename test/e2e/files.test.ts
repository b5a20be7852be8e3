import { createHash, randomBytes } from 'node:crypto';
import { utimes } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { FilesystemMediaStore } from '@grok2api/media-store';
import { MemoryWatch, TestSystem } from '@grok2api/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const HOUR_MS = 3_600_000;

let system: TestSystem;
let store: FilesystemMediaStore;
beforeAll(async () => {
  system = await TestSystem.start();
  store = new FilesystemMediaStore(join(system.dataDir, 'media'));
});
afterAll(async () => {
  await system?.stop();
});

/** Stores a file as a worker does. */
async function put(content: Buffer | string, extension = 'mp4'): Promise<string> {
  const id = `video_${randomBytes(16).toString('hex')}.${extension}`;
  await store.put(id, Readable.from([Buffer.from(content)]), { maxBytes: 1e9 });
  return id;
}

async function age(id: string, ms: number): Promise<void> {
  const then = new Date(Date.now() - ms);
  const [, hex = ''] = id.split('_');
  await utimes(join(system.dataDir, 'media', hex.slice(0, 2), hex.slice(2, 4), id), then, then);
}

function get(id: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Response> {
  return fetch(`${system.baseUrl}/v1/files/${id}`, { method, headers });
}

describe('a file', () => {
  it.each([
    ['mp4', 'video/mp4'],
    ['jpg', 'image/jpeg'],
    ['png', 'image/png'],
    ['webp', 'image/webp'],
  ])('.%s comes as %s, with all that a browser needs', async (extension, type) => {
    const id = await put('0123456789', extension);
    const answer = await get(id);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe('0123456789');
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': type,
      'content-length': '10',
      'accept-ranges': 'bytes',
      'cache-control': 'private, max-age=3600',
      'content-disposition': `inline; filename="${id}"`,
      'cross-origin-resource-policy': 'cross-origin',
      etag: expect.stringMatching(/^"[^"]+"$/),
      'last-modified': (await store.stat(id))?.createdAt.toUTCString(),
      'x-content-type-options': 'nosniff',
    });
  });

  it('has the same headers for HEAD, which knows no ranges', async () => {
    const id = await put('0123456789');
    const varying = new Set(['date', 'x-request-id', 'connection', 'keep-alive']);
    const headersOf = ({ headers }: Response) => [...headers].filter(([name]) => !varying.has(name));
    const [whole, head] = [await get(id), await get(id, { range: 'bytes=0-3' }, 'HEAD')];
    expect(head.status).toBe(200);
    expect(headersOf(head)).toEqual(headersOf(whole));
    expect(await head.text()).toBe('');
  });

  it.each([
    ['bytes=2-4', '234', 'bytes 2-4/10'],
    ['bytes=7-', '789', 'bytes 7-9/10'],
    ['bytes=0-', '0123456789', 'bytes 0-9/10'],
    ['bytes=-2', '89', 'bytes 8-9/10'],
    ['bytes=-20', '0123456789', 'bytes 0-9/10'],
    ['bytes=8-99', '89', 'bytes 8-9/10'],
  ])('gives %s', async (range, content, contentRange) => {
    const answer = await get(await put('0123456789'), { range });
    expect(answer.status).toBe(206);
    expect(answer.headers.get('content-range')).toBe(contentRange);
    expect(answer.headers.get('content-length')).toBe(String(content.length));
    expect(await answer.text()).toBe(content);
  });

  it.each(['bytes=0-1,4-5', 'items=0-1', 'bytes=4-2', 'nonsense'])('is whole for %s', async (range) => {
    const answer = await get(await put('0123456789'), { range });
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe('0123456789');
  });

  it.each(['bytes=10-', 'bytes=-0'])('has nothing at %s', async (range) => {
    const answer = await get(await put('0123456789'), { range });
    expect(answer.status).toBe(416);
    expect(answer.headers.get('content-range')).toBe('bytes */10');
    expect(answer.headers.get('cache-control')).toBeNull();
    expect(await answer.json()).toMatchObject({ error: { code: 'range_not_satisfiable' } });
  });

  it('gives a part only of the file that If-Range means', async () => {
    const id = await put('0123456789');
    const stat = await store.stat(id);
    const part = async (condition: string) => (await get(id, { range: 'bytes=1-2', 'if-range': condition })).text();
    expect(await part(stat?.etag ?? '')).toBe('12');
    expect(await part(stat?.createdAt.toUTCString() ?? '')).toBe('12');
    expect(await part('"another"')).toBe('0123456789');
    expect(await part(`W/${stat?.etag}`)).toBe('0123456789');
    expect(await part(new Date(0).toUTCString())).toBe('0123456789');
  });

  it('is not sent again to who has it', async () => {
    const id = await put('0123456789');
    const stat = await store.stat(id);
    const [etag, time] = [stat?.etag ?? '', stat?.createdAt.toUTCString() ?? ''];
    const status = async (headers: Record<string, string>, method?: string) => (await get(id, headers, method)).status;
    expect(await status({ 'if-none-match': etag })).toBe(304);
    expect(await status({ 'if-none-match': `"x", W/${etag}` })).toBe(304);
    expect(await status({ 'if-none-match': '*' }, 'HEAD')).toBe(304);
    expect(await status({ 'if-none-match': etag, range: 'bytes=0-1' })).toBe(304);
    expect(await status({ 'if-modified-since': time })).toBe(304);
    expect(await status({ 'if-none-match': '"another"' })).toBe(200);
    expect(await status({ 'if-none-match': '"another"', 'if-modified-since': time })).toBe(200);
    expect(await status({ 'if-modified-since': new Date(0).toUTCString() })).toBe(200);

    const answer = await get(id, { 'if-none-match': etag });
    expect(Object.fromEntries(answer.headers)).toMatchObject({ etag, 'cross-origin-resource-policy': 'cross-origin' });
    expect(answer.headers.get('content-type')).toBeNull();
    expect(await answer.text()).toBe('');
  });

  it('lives for a day, and is then gone although the sweep has not come by', async () => {
    const id = await put('0123456789');
    await age(id, 24 * HOUR_MS - 60_000);
    const late = await get(id);
    expect(late.status).toBe(200);
    const maxAge = Number(/^private, max-age=(\d+)$/.exec(late.headers.get('cache-control') ?? '')?.[1]);
    expect(maxAge).toBeGreaterThan(30);
    expect(maxAge).toBeLessThanOrEqual(60);
    await age(id, 24 * HOUR_MS + 1_000);
    for (const headers of [{}, { range: 'bytes=0-1' }, { 'if-none-match': '*' }]) {
      const gone = await get(id, headers);
      expect(gone.status).toBe(404);
      expect(gone.headers.get('cache-control')).toBeNull();
      expect(await gone.json()).toEqual({
        error: {
          message: 'The file does not exist or is no longer kept.',
          type: 'invalid_request_error',
          param: null,
          code: 'file_not_found',
        },
      });
    }
    expect(await store.stat(id)).toBeDefined();
  });

  it('may be left by its reader in the middle, which is no fault', async () => {
    const id = await put(Buffer.alloc(20_000_000));
    const url = new URL(`/v1/files/${id}`, system.baseUrl);
    await new Promise<void>((resolve, reject) => {
      const asked = request(url, { headers: { 'x-request-id': 'leaves' } }, (answer) => {
        answer.once('data', () => {
          asked.destroy();
          resolve();
        });
      });
      asked.on('error', reject);
      asked.end();
    });
    await system.logLine({ request_id: 'leaves', msg: 'request', aborted: true });
    expect(system.logLines({ request_id: 'leaves', msg: 'request failed' })).toEqual([]);
  });

  it('of hundreds of megabytes comes whole to many at a time, without being held in memory', async () => {
    const content = randomBytes(200_000_000);
    const wanted = createHash('sha256').update(content).digest('hex');
    const id = await put(content);
    const watch = new MemoryWatch([system.pid('api-gateway')]);
    const read = async () => {
      const hash = createHash('sha256');
      for await (const chunk of (await get(id)).body ?? []) hash.update(chunk);
      return hash.digest('hex');
    };
    expect(await Promise.all([read(), read(), read()])).toEqual([wanted, wanted, wanted]);
    // Half the file, a sixth of what is sent: Node 24 lets some 70 MB of what was read lie before it collects them, however
    // many read.
    expect(watch.stop()[0]?.growth).toBeLessThan(100);
  });
});
