import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { FilesystemMediaStore } from '@grok2api/media-store';
import { createSafeFetch, type SafeFetch } from '@grok2api/safe-fetch';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PictureError } from '../src/picture-error.js';
import { createUpstreamPictures, type PictureSource, type UpstreamPictures } from '../src/upstream-pictures.js';
import { MIB, noise, openDataUrl, pixelAt, pngThatClaims, redThenBlue } from './picture-files.js';

const signal = new AbortController().signal;

let root: string;
let media: FilesystemMediaStore;
let safeFetch: SafeFetch;
let pictures: UpstreamPictures;
let uploads = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'edits-'));
  media = new FilesystemMediaStore(root);
  safeFetch = createSafeFetch();
  pictures = createUpstreamPictures({ media, safeFetch });
});

afterAll(async () => {
  await safeFetch.close();
  await rm(root, { recursive: true });
});

async function upload(bytes: Buffer): Promise<PictureSource> {
  const id = `file_${(uploads++).toString(16).padStart(32, '0')}.png`;
  await media.put(id, Readable.from([bytes]), { maxBytes: Number.POSITIVE_INFINITY });
  return { media: id };
}

async function ofColour(background: string | [number, number, number, number], width = 60, height = 40) {
  const [r, g, b, alpha] = Array.isArray(background) ? background : [];
  const colour = typeof background === 'string' ? background : { r, g, b, alpha };
  const channels = typeof background === 'string' ? 3 : 4;
  return upload(
    await sharp({ create: { width, height, channels, background: colour } })
      .png()
      .toBuffer(),
  );
}

/** Whether the pixel is about so. */
async function expectPixel(bytes: Buffer, left: number, top: number, colour: number[]): Promise<void> {
  const found = await pixelAt(bytes, left, top);
  expect(found.length).toBe(colour.length);
  const apart = Math.max(...colour.map((value, index) => Math.abs((found[index] ?? 1000) - value)));
  expect(apart, `${found} instead of ${colour} at ${left}, ${top}`).toBeLessThanOrEqual(6);
}

const [RED, GREEN, BLUE, WHITE] = [
  [255, 0, 0],
  [0, 128, 0],
  [0, 0, 255],
  [255, 255, 255],
];

describe('up to three pictures', () => {
  it.each([1, 2, 3])('stay by themselves, in order (%d)', async (count) => {
    const colours = ['red', 'green', 'blue'].slice(0, count);
    const dataUrls = await pictures.prepareEdits(await Promise.all(colours.map((colour) => ofColour(colour))), signal);
    expect(dataUrls.length).toBe(count);
    for (const [index, dataUrl] of dataUrls.entries()) {
      const { bytes, metadata } = await openDataUrl(dataUrl);
      expect(metadata).toMatchObject({ format: 'jpeg', width: 60, height: 40 });
      await expectPixel(bytes, 30, 20, [RED, GREEN, BLUE][index] ?? []);
    }
  });
});

describe('more than three pictures', () => {
  it('are drawn into three grids, each one whole and upright in its cell', async () => {
    const sources = await Promise.all([
      ofColour('red', 800, 400),
      ofColour('green', 300, 600),
      ofColour('blue', 64, 64),
      ofColour('red', 1600, 100),
      ofColour('green', 3000, 2900),
      redThenBlue(600, 300).jpeg({ quality: 100 }).withMetadata({ orientation: 6 }).toBuffer().then(upload),
      ofColour('blue', 500, 500),
    ]);
    const grids = await Promise.all((await pictures.prepareEdits(sources, signal)).map(openDataUrl));
    expect(grids.map(({ metadata: { format, width, height } }) => [format, width, height])).toEqual([
      ['jpeg', 2048, 1016],
      ['jpeg', 2048, 1016],
      ['jpeg', 2048, 2048],
    ]);
    const [first, second, third] = grids.map(({ bytes }) => bytes);
    if (!first || !second || !third) throw new Error('not three');
    // Twice as wide as high, then twice as high as wide.
    await expectPixel(first, 10, 260, RED);
    await expectPixel(first, 1005, 755, RED);
    await expectPixel(first, 500, 240, WHITE);
    await expectPixel(first, 1024, 508, WHITE);
    await expectPixel(first, 1032 + 260, 10, GREEN);
    await expectPixel(first, 1032 + 755, 1005, GREEN);
    await expectPixel(first, 1032 + 240, 508, WHITE);
    // The small one fills its cell too.
    await expectPixel(second, 10, 10, BLUE);
    await expectPixel(second, 1005, 1005, BLUE);
    await expectPixel(second, 1032 + 508, 508, RED);
    await expectPixel(second, 1032 + 508, 460, WHITE);
    await expectPixel(third, 508, 508, GREEN);
    // Red on the left, blue on the right: turned, red is above.
    await expectPixel(third, 1032 + 508, 100, RED);
    await expectPixel(third, 1032 + 508, 900, BLUE);
    await expectPixel(third, 1032 + 100, 508, WHITE);
    await expectPixel(third, 508, 1032 + 508, BLUE);
    await expectPixel(third, 1032 + 508, 1032 + 508, WHITE);
  });

  it('stay transparent in the grid that has a transparent one', async () => {
    const glass: [number, number, number, number] = [0, 0, 255, 0.5];
    const sources = await Promise.all([ofColour('red'), ofColour('red'), ofColour('green', 40, 40), ofColour(glass)]);
    const [first, second, third] = await Promise.all((await pictures.prepareEdits(sources, signal)).map(openDataUrl));
    expect([first, second].map((grid) => grid?.metadata.format)).toEqual(['jpeg', 'jpeg']);
    if (!third) throw new Error('not three');
    expect(third.metadata).toMatchObject({ format: 'webp', width: 2048, height: 1016, hasAlpha: true });
    await expectPixel(third.bytes, 508, 508, [...GREEN, 255]);
    await expectPixel(third.bytes, 1032 + 508, 508, [...BLUE, 128]);
    expect((await pixelAt(third.bytes, 1032 + 508, 20))[3]).toBe(0);
    expect((await pixelAt(third.bytes, 1024, 508))[3]).toBe(0);
  });

  it('are all in it when there are sixteen', async () => {
    const sources = await Promise.all(Array.from({ length: 16 }, (_, n) => ofColour(`rgb(${n * 16}, 0, 0)`, 90, 90)));
    const grids = await Promise.all((await pictures.prepareEdits(sources, signal)).map(openDataUrl));
    expect(grids.length).toBe(3);
    let number = 0;
    for (const [index, { bytes, metadata }] of grids.entries()) {
      expect(metadata).toMatchObject({ width: 2048, height: 1360 });
      for (let cell = 0; cell < (index < 2 ? 5 : 6); cell++) {
        const [left, top] = [(cell % 3) * 688 + 336, Math.floor(cell / 3) * 688 + 336];
        await expectPixel(bytes, left, top, [number++ * 16, 0, 0]);
      }
    }
    expect(number).toBe(16);
  });
});

describe('pictures that are no good', () => {
  it('are named by their number where there are several', async () => {
    const [good, bad] = await Promise.all([ofColour('red'), upload(Buffer.from('MZ\x90 no picture', 'latin1'))]);
    const message = 'it is neither PNG, JPEG nor WebP';
    const refused = (sources: PictureSource[], text: string) =>
      expect(pictures.prepareEdits(sources, signal)).rejects.toThrow(new PictureError(text));
    await refused([bad], message);
    await refused([good, bad], `image 2: ${message}`);
    await refused([good, good, good, bad, good], `image 4: ${message}`);
  });

  it('are refused with little memory when they claim too many pixels', async () => {
    const [good, bomb] = await Promise.all([ofColour('red'), upload(pngThatClaims(50_000, 50_000))]);
    const before = process.memoryUsage().rss;
    await expect(pictures.prepareEdits([good, good, good, bomb], signal)).rejects.toThrow(
      'image 4: it has 50000 × 50000 pixels; at most 51 megapixels are taken',
    );
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * MIB);
  });
});

it('stops with its caller', async () => {
  const source = await ofColour('red');
  const caller = new AbortController();
  let steps = 0;
  const onStep = () => {
    if (++steps === 5) caller.abort('left');
  };
  sharp.queue.on('change', onStep);
  try {
    await expect(pictures.prepareEdits(Array(16).fill(source), caller.signal)).rejects.toBe('left');
  } finally {
    sharp.queue.off('change', onStep);
  }
  // Each of the sixteen takes at least two, begun and ended.
  expect(steps).toBeLessThan(10);
});

it('has one large file in memory at a time', async () => {
  const large = await noise(4060, 4060).png({ compressionLevel: 1 }).toBuffer().then(upload);
  const before = process.memoryUsage().rss;
  let peak = before;
  const look = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss);
  }, 10);
  try {
    // Of 800 MB altogether; some calls at a time.
    await Promise.all([1, 5, 10].map((count) => pictures.prepareEdits(Array(count).fill(large), signal)));
  } finally {
    clearInterval(look);
  }
  expect(peak - before).toBeLessThan(400 * MIB);
});
