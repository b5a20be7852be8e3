import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { probeVideo, TestS3, TestSystem } from '@grok2api/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAQAAAAECAIAAAAmkwkpAAAAEElEQVR4nGP4z8AARwzEcQCukw/x0F8jngAAAABJRU5ErkJggg==',
  'base64',
);

let s3: TestS3;
let system: TestSystem;
beforeAll(async () => {
  s3 = await TestS3.start();
  const MEDIA_STORE = await s3.createBucket('media');
  system = await TestSystem.start({ env: { ...s3.credentials, MEDIA_STORE } });
});
afterAll(async () => {
  await system?.stop();
  await s3?.stop();
});

async function upload(content: Buffer): Promise<Response> {
  const body = new FormData();
  body.set('file', new Blob([Buffer.from(content)]), 'x.png');
  return fetch(`${system.baseUrl}/v1/video/upload`, { method: 'POST', body });
}

async function uploaded(content: Buffer): Promise<string> {
  const answer = await upload(content);
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { image_url: string }).image_url;
}

/** What lies in the gateway's media directory: the cache, and nothing else. */
async function cached(): Promise<string[]> {
  const entries = await readdir(join(system.dataDir, 'media'), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

it('keeps an upload of several parts there, and serves it from the disk from the second time on', async () => {
  const content = Buffer.concat([PNG, randomBytes(20_000_000)]);
  const url = await uploaded(content);
  expect(await cached()).toEqual([]);
  const whole = await fetch(url);
  expect(whole.headers.get('content-type')).toBe('image/png');
  expect(Buffer.from(await whole.arrayBuffer()).equals(content)).toBe(true);
  expect(await cached()).toEqual([expect.stringContaining(new URL(url).pathname.split('/').at(-1) ?? '')]);

  const etag = whole.headers.get('etag') ?? '';
  const part = await fetch(url, { headers: { range: 'bytes=19000000-19000099', 'if-range': etag } });
  expect(part.status).toBe(206);
  expect(Buffer.from(await part.arrayBuffer()).equals(content.subarray(19_000_000, 19_000_100))).toBe(true);
  expect((await fetch(url, { headers: { 'if-none-match': etag } })).status).toBe(304);
  expect((await fetch(url, { method: 'HEAD' })).headers.get('content-length')).toBe(String(content.length));
});

it('makes a video of an upload and keeps it there until its task is deleted', async () => {
  const tasks = system.tasks();
  const id = await tasks.create('海豚', { image_url: await uploaded(PNG), aspect_ratio: '1:1' });
  const { status, video_url: url = '' } = await tasks.ended(id);
  expect(status).toBe('completed');
  expect(await probeVideo(url)).toMatchObject({ codec: 'h264' });
  await tasks.request('DELETE', '/v1/video/tasks', { task_ids: [id] });
  await expect.poll(async () => (await fetch(url)).status, { timeout: 30_000 }).toBe(404);
});

it('makes images of uploads and keeps them there, and those of a task too', async () => {
  const body = new FormData();
  body.set('prompt', '海豚');
  for (let n = 0; n < 2; n++) body.append('image', new Blob([PNG]), 'x.png');
  const answer = await fetch(`${system.baseUrl}/v1/images/edits`, { method: 'POST', body });
  expect(answer.status).toBe(200);
  const { data } = (await answer.json()) as { data: { url: string }[] };
  const tasks = system.imageTasks();
  const task = await tasks.ended(await tasks.create('海豚', { n: 2, response_format: 'b64_json' }));
  const { result } = task.data as { result: { images: string[] } };
  expect(result.images).toHaveLength(2);
  for (const url of [data[0]?.url ?? '', ...(task.images ?? [])]) {
    const file = await fetch(url);
    expect(file.headers.get('content-type')).toBe('image/jpeg');
    expect((await file.arrayBuffer()).byteLength).toBeGreaterThan(10_000);
  }
});

it('refuses while the store is away, and leaves nothing behind; then goes on', async () => {
  const before = await uploaded(PNG);
  await s3.stop();
  for (const answer of [await upload(Buffer.concat([PNG, randomBytes(20_000_000)])), await fetch(before)]) {
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(await answer.json()).toMatchObject({ error: { code: 'service_unavailable' } });
  }
  await s3.resume();
  await s3.createBucket('media');
  expect((await fetch(await uploaded(PNG))).status).toBe(200);
  expect((await fetch(before)).status).toBe(404);
});
