import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { join } from 'node:path';
import { createCanvas } from '@napi-rs/canvas';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { difference, frameAt, MODEL, probe, startTestSimulator, temporaryDirectory } from './harness.js';

async function makeVideo(body: Record<string, unknown>) {
  const simulator = await startTestSimulator();
  const { video } = await simulator.untilDone(await simulator.create(body));
  if (!video) throw new Error('no video');
  return probe(video.url);
}

async function redPicture(width: number, height: number, type: 'image/png' | 'image/jpeg' | 'image/webp') {
  const canvas = createCanvas(width, height);
  const context = canvas.getContext('2d');
  context.fillStyle = '#ff0000';
  context.fillRect(0, 0, width, height);
  if (type === 'image/png') return canvas.encode('png');
  return canvas.encode(type === 'image/jpeg' ? 'jpeg' : 'webp');
}

function topLeftPixel(frame: Buffer): number[] {
  return [...frame.subarray(0, 3)];
}

describe('the file', () => {
  test.each([
    { aspect_ratio: '16:9', resolution: '480p', duration: 6, width: 848, height: 480 },
    { aspect_ratio: '9:16', resolution: '480p', duration: 1, width: 480, height: 848 },
    { aspect_ratio: '1:1', resolution: '720p', duration: 6, width: 720, height: 720 },
    { aspect_ratio: '2:3', resolution: '720p', duration: 2, width: 720, height: 1080 },
    { aspect_ratio: '3:4', resolution: '480p', duration: 15, width: 480, height: 640 },
  ])('is h264 of $aspect_ratio, $resolution, $duration s', async ({ width, height, ...body }) => {
    const { response, bytes, stream, duration } = await makeVideo({ prompt: '一只猫在月光下跳舞', ...body });
    expect(response.headers.get('content-type')).toBe('video/mp4');
    expect(response.headers.get('content-length')).toBe(String(bytes.length));
    expect(stream).toMatchObject({ codec_name: 'h264', pix_fmt: 'yuv420p', r_frame_rate: '24/1', width, height });
    expect(Math.abs(duration - body.duration)).toBeLessThanOrEqual(0.1);
    // Playable while it loads: the index comes before the pictures.
    expect(bytes.indexOf('moov')).toBeLessThan(bytes.indexOf('mdat'));
  });

  test('has xAI’s defaults without parameters', async () => {
    const { stream, duration } = await makeVideo({});
    expect(stream).toMatchObject({ width: 848, height: 480 });
    expect(duration).toBeCloseTo(8, 1);
  });

  test('moves the whole time', async () => {
    const { path } = await makeVideo({ duration: 6 });
    const frames = await Promise.all([0, 1, 2, 3, 4, 5].map((second) => frameAt(path, second + 0.3)));
    for (const [index, frame] of frames.slice(1).entries()) {
      expect(difference(frame, frames[index] ?? Buffer.alloc(0))).toBeGreaterThan(0.005);
    }
  });

  test('depends on the prompt', async () => {
    const [one, other] = await Promise.all(
      ['red roses', '一片蓝色的海'].map(async (prompt) =>
        frameAt((await makeVideo({ prompt, duration: 1 })).path, 0.5),
      ),
    );
    expect(difference(one ?? Buffer.alloc(0), other ?? Buffer.alloc(0))).toBeGreaterThan(0.05);
  });
});

describe('the first frame', () => {
  test.each(['image/png', 'image/jpeg', 'image/webp'] as const)('comes as a data URL of %s', async (type) => {
    const picture = await redPicture(300, 100, type);
    const url = `data:${type};base64,${picture.toString('base64')}`;
    const { path, stream } = await makeVideo({ image: { url }, duration: 1, aspect_ratio: '1:1' });
    expect(stream).toMatchObject({ width: 480, height: 480 });
    const [red = 0, green = 255, blue = 255] = topLeftPixel(await frameAt(path, 0.5));
    expect(red).toBeGreaterThan(200);
    expect(Math.max(green, blue)).toBeLessThan(60);
  });

  test('gives its ratio to the video, and comes from an http address too', async () => {
    const picture = await redPicture(200, 300, 'image/png');
    const server = createServer((_request, response) => response.end(picture)).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const { stream } = await makeVideo({ image: { url: `http://127.0.0.1:${address.port}/a.png` }, duration: 1 });
    expect(stream).toMatchObject({ width: 480, height: 720 });
  });

  test.each([
    'data:image/png;base64,aGVsbG8=',
    'data:text/plain,hello',
    'ftp://127.0.0.1/a.png',
    'http://10.1.2.3/a.png',
    'http://[::ffff:10.1.2.3]/a.png',
    'http://127.0.0.1:1/a.png',
  ])('%s is refused', async (url) => {
    const simulator = await startTestSimulator();
    const answer = await simulator.ask('POST', '/v1/videos/generations', {
      model: 'grok-imagine-video',
      prompt: 'a',
      image: { url },
    });
    expect(answer.status).toBe(400);
    expect(answer.json).toEqual({ code: 'invalid-argument', error: expect.any(String) });
    expect(await simulator.jobs()).toEqual([]);
  });

  test('may have 50 MB', async () => {
    const picture = await redPicture(64, 64, 'image/png');
    // A PNG ends with its IEND chunk: what follows is ignored.
    const large = Buffer.concat([picture, Buffer.alloc(50 * 1024 * 1024)]);
    const url = `data:image/png;base64,${large.toString('base64')}`;
    const simulator = await startTestSimulator();
    await simulator.create({ image: { url }, duration: 1 });
    const [entry] = await simulator.log();
    expect(JSON.stringify(entry).length).toBeLessThan(1000);
  });
});

test('a caller may leave in the middle of a download', async () => {
  const DATA_DIR = await temporaryDirectory();
  const simulator = await startTestSimulator({ DATA_DIR });
  const id = await simulator.create({ duration: 1 });
  const { video } = await simulator.untilDone(id);
  // More than the buffers of a connection hold.
  await writeFile(join(DATA_DIR, 'simulator', 'videos', `${id}.mp4`), Buffer.alloc(64 * 1024 * 1024));
  const call = request(video?.url ?? '').end();
  await once(call, 'response');
  call.destroy();
  await vi.waitFor(async () =>
    expect(await simulator.log('?path=/files/')).toMatchObject([
      { route: 'GET /files/{file}', status: 200, ended: 'client_closed', request_id: id, key_hint: null },
    ]),
  );
  await simulator.close();
  expect(simulator.warnings).toEqual([]);
});

test('a job that cannot be kept is a 500 that is logged', async () => {
  const DATA_DIR = await temporaryDirectory();
  const simulator = await startTestSimulator({ DATA_DIR });
  await rm(join(DATA_DIR, 'simulator', 'tmp'), { recursive: true });
  await writeFile(join(DATA_DIR, 'simulator', 'tmp'), '');
  expect((await simulator.ask('POST', '/v1/videos/generations', { model: MODEL, prompt: 'a' })).json).toEqual({
    code: 'internal-error',
    error: expect.any(String),
  });
  expect(simulator.warnings).toHaveLength(1);
});

test('a video that cannot be made is logged once, and its job fails', async () => {
  const DATA_DIR = await temporaryDirectory();
  const simulator = await startTestSimulator({ DATA_DIR });
  await rm(join(DATA_DIR, 'simulator', 'videos'), { recursive: true });
  const id = await simulator.create({ duration: 1 });
  expect((await simulator.untilDone(id)).status).toBe('failed');
  expect((await simulator.poll(id)).json).toEqual({
    status: 'failed',
    error: { code: 'internal_error', message: expect.any(String) },
  });
  expect(simulator.warnings).toEqual([expect.stringContaining('a video could not be made')]);
});

test('a restart goes on with the jobs and renders what is missing', async () => {
  const DATA_DIR = await temporaryDirectory();
  const first = await startTestSimulator({ DATA_DIR });
  const finished = await first.create({ duration: 1 });
  const { video } = await first.untilDone(finished);
  // Too many to be finished when the simulator stops.
  const others = await Promise.all(Array.from({ length: 6 }, () => first.create({ duration: 10, resolution: '720p' })));
  await first.close();

  const second = await startTestSimulator({ DATA_DIR, PORT: String(first.port) });
  expect((await second.jobs()).map((job) => job.request_id).sort()).toEqual([finished, ...others].sort());
  expect((await second.untilDone(finished)).video).toEqual(video);
  expect((await fetch(video?.url ?? '')).status).toBe(200);
  for (const id of others.slice(0, 2)) {
    const again = (await second.untilDone(id)).video;
    expect((await probe(again?.url ?? '')).duration).toBeCloseTo(10, 1);
  }
});
