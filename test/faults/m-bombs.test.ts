import { brotliCompressSync, constants, crc32, deflateSync, gzipSync } from 'node:zlib';
import { MemoryWatch, TestSystem } from '@grok2api/testkit';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { keepLogOnFailure } from './support/failure-log.js';
import { printFigures } from './support/figures.js';
import { scaled } from './support/scale.js';

const MB = 1_000_000;
const ROUNDS = scaled(5, 1, 'FAULTS_ROUNDS');
const MOST_GROWTH_MB = 150;
/** Pixels on a side: a picture of one colour takes no room, and four bytes a pixel once it is decoded. */
const SIDE = 30_000;

let system: TestSystem;
beforeAll(async () => {
  system = await TestSystem.start({ env: { SIMULATOR_VIDEO_MS: '500', SIMULATOR_IMAGE_MS: '100' } });
});
beforeEach(() => keepLogOnFailure(system));
afterAll(async () => {
  await system?.stop();
});

it('bombs and giants are refused early, by every process, with its memory flat', async () => {
  const names = ['api-gateway', 'chat', 'image', 'video-worker-1'];
  const memory = new MemoryWatch(names.map((name) => system.pid(name)));
  const statuses: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, send] of Object.entries(BOMBS)) {
      const status = await send();
      statuses.push(`${name}: ${status}`);
      expect([name, status]).toEqual([name, expect.stringMatching(/^(4\d\d|failed) /)]);
      expect((await fetch(`${system.baseUrl}/healthz`)).status).toBe(200);
    }
  }
  const growth = memory.stop().map(({ growth: grown }, index) => [names[index], grown] as const);
  printFigures({
    ...Object.fromEntries(growth.map(([name, grown]) => [`${name} MB more`, grown])),
    sent: statuses.length,
  });
  for (const status of new Set(statuses)) printFigures({ bomb: status });
  for (const [name, grown] of growth) expect([name, grown < MOST_GROWTH_MB]).toEqual([name, true]);
}, 300_000);

const spaces = Buffer.alloc(300 * MB, ' ');
const video = (picture: string) => ({ model: 'grok-imagine-1.0-video', prompt: 'bomb', image_url: picture });

const BOMBS: Record<string, () => Promise<string>> = {
  gzip: () => post('/v1/chat/completions', gzipSync(spaces), { 'content-encoding': 'gzip' }),
  deflate: () => post('/v1/images/generations', deflateSync(spaces), { 'content-encoding': 'deflate' }),
  brotli: () =>
    post('/v1/video/tasks', brotliCompressSync(spaces, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }), {
      'content-encoding': 'br',
    }),
  'a data URL of 100 MB': () =>
    post('/v1/video/tasks', JSON.stringify(video(`data:image/png;base64,${'A'.repeat(100 * MB)}`))),
  'a picture of 900 million pixels': () => upload(onePixelColour(SIDE, SIDE)),
  'a picture that says so and is none': () => upload(onePixelColour(SIDE, SIDE).subarray(0, 100)),
};

async function post(path: string, body: string | Buffer, headers: Record<string, string> = {}): Promise<string> {
  const answer = await fetch(system.baseUrl + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : new Uint8Array(body),
  });
  const { error } = (await answer.json()) as { error?: { code: string } };
  return `${answer.status} ${error?.code}`;
}

/** Uploads a picture and has it edited, and used as a first frame: what comes of the worst of both. */
async function upload(picture: Buffer): Promise<string> {
  const form = new FormData();
  form.append('prompt', 'bomb');
  form.append('model', 'grok-imagine-1.0-edit');
  form.append('image', new Blob([new Uint8Array(picture)], { type: 'image/png' }), 'bomb.png');
  const edited = await fetch(`${system.baseUrl}/v1/images/edits`, { method: 'POST', body: form });
  if (edited.ok) return `${edited.status} taken`;
  const id = await system
    .tasks()
    .request('POST', '/v1/video/tasks', video(`data:image/png;base64,${picture.toString('base64')}`));
  const body = (await id.json()) as { task_id?: string; error?: { code: string } };
  if (body.task_id === undefined) return `${id.status} ${body.error?.code}`;
  const { status, error } = await system.tasks().ended(body.task_id);
  return `${status} ${error?.code}`;
}

/** A PNG of so many black pixels. https://www.w3.org/TR/png-3/ */
function onePixelColour(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // One bit a pixel, grey.
  header[8] = 1;
  const rows = deflateSync(Buffer.alloc((1 + Math.ceil(width / 8)) * height), { level: 9 });
  const signature = Buffer.from('89504e470d0a1a0a', 'hex');
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', rows), chunk('IEND', Buffer.alloc(0))]);
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, sum]);
}
