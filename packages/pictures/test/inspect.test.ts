import { randomFillSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { FilesystemMediaStore } from '@grok2api/media-store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inspectBytes, inspectUpload, type PictureHeader } from '../src/inspect.js';
import { PictureError } from '../src/picture-error.js';
import { jpegWithSegment, MIB, noise, pngThatClaims, redThenBlue } from './picture-files.js';

const UPLOAD = 'file_0123456789abcdef0123456789abcdef.png';

let root: string;
let media: FilesystemMediaStore;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'inspect-'));
  media = new FilesystemMediaStore(root);
});

afterAll(() => rm(root, { recursive: true }));

async function stored(bytes: Buffer): Promise<PictureHeader> {
  await media.put(UPLOAD, Readable.from([bytes]), { maxBytes: Number.POSITIVE_INFINITY });
  return inspectUpload(media, UPLOAD);
}

describe.each([
  ['a file of the store', stored],
  ['bytes', inspectBytes],
])('%s', (_name, inspect) => {
  async function refused(bytes: Buffer, message: string): Promise<void> {
    await expect(inspect(bytes)).rejects.toThrow(new PictureError(message));
  }

  it.each([
    ['png', () => noise(300, 200).png()],
    ['png', () => noise(300, 200, 4).png({ progressive: true })],
    ['jpg', () => noise(300, 200).jpeg()],
    ['jpg', () => noise(300, 200).jpeg({ progressive: true })],
    ['webp', () => noise(300, 200).webp()],
    ['webp', () => noise(300, 200).webp({ lossless: true })],
    ['webp', () => noise(300, 200, 4).webp()],
  ] as const)('is known by its content (%s, %#)', async (type, make) => {
    expect(await inspect(await make().toBuffer())).toEqual({ type, width: 300, height: 200 });
  });

  it('is measured as it is stored', async () => {
    const lying = await redThenBlue(60, 30).jpeg().withMetadata({ orientation: 6 }).toBuffer();
    expect(await inspect(lying)).toMatchObject({ width: 60, height: 30 });
  });

  it('may have a megabyte before its header, and something behind its end', async () => {
    let jpeg = await noise(300, 200).jpeg().toBuffer();
    for (let segments = 0; segments < 17; segments++) jpeg = jpegWithSegment(jpeg, 0xe1, Buffer.alloc(65_000));
    expect(await inspect(jpeg)).toEqual({ type: 'jpg', width: 300, height: 200 });
    const png = await noise(300, 200).png().toBuffer();
    expect(await inspect(Buffer.concat([png, Buffer.alloc(1000)]))).toEqual({ type: 'png', width: 300, height: 200 });
  });

  it.each([
    ['WebP', () => noise(500, 400).webp()],
    ['lossless WebP', () => noise(500, 400, 4).webp({ lossless: true })],
    ['PNG', () => noise(500, 400).png()],
  ] as const)('is refused when it is cut off (%s)', async (_format, make) => {
    const whole = await make().toBuffer();
    for (const length of [50, whole.length / 2, whole.length - 10]) {
      await refused(whole.subarray(0, length), 'it is broken or incomplete');
    }
  });

  it('is refused when it is a JPEG that ends before its header', async () => {
    const jpeg = await noise(500, 400).jpeg().toBuffer();
    await refused(jpeg.subarray(0, 100), 'it is broken or incomplete');
  });

  it('is refused when it has no pixel, or too many', async () => {
    await refused(pngThatClaims(0, 10), 'it is broken or incomplete');
    const bomb = pngThatClaims(50_000, 50_000);
    await refused(bomb, 'it has 50000 × 50000 pixels; at most 51 megapixels are taken');
    await refused(pngThatClaims(40_000, 10), 'it has 40000 × 10 pixels; at most 32768 pixels on a side are taken');
  });

  it.each([
    [
      'a program',
      Buffer.concat([Buffer.from('MZ\x90\x00\x03\x00\x00\x00', 'latin1'), randomFillSync(Buffer.alloc(9000))]),
    ],
    ['a page', Buffer.from('<!doctype html><title>Not found</title>')],
    ['a mere PNG signature', pngThatClaims(1, 1).subarray(0, 8)],
    ['a video', Buffer.from('\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41', 'latin1')],
    ['one byte', Buffer.alloc(1)],
  ])('is refused when it is something else (%s)', async (_what, bytes) => {
    await refused(bytes, 'it is neither PNG, JPEG nor WebP');
  });
});

it('refuses an upload that is no longer kept', async () => {
  await media.delete(UPLOAD);
  await expect(inspectUpload(media, UPLOAD)).rejects.toThrow(new PictureError('the upload is no longer kept'));
});

it('holds little of large files in memory', async () => {
  const jpeg = await noise(300, 200).jpeg().toBuffer();
  // Behind its end: it does not matter to what is read.
  const large = Buffer.concat([jpeg, Buffer.alloc(50 * MIB)]);
  await stored(large);
  const before = process.memoryUsage();
  for (let files = 0; files < 16; files++) await inspectUpload(media, UPLOAD);
  const after = process.memoryUsage();
  expect(after.rss - before.rss).toBeLessThan(16 * MIB);
});
