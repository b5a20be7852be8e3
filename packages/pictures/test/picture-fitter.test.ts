import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { PictureError } from '../src/picture-error.js';
import { createPictureFitter, type Picture, type PictureFitter } from '../src/picture-fitter.js';
import { noise, pixelAt, pngThatClaims, redThenBlue } from './picture-files.js';

const MIB = 1024 * 1024;
const signal = new AbortController().signal;

let fitter: PictureFitter;

beforeAll(() => {
  fitter = createPictureFitter({ maxBytes: 9.5 * MIB });
});

function fit(bytes: Buffer, by = fitter): Promise<Picture> {
  return by.fit(bytes, signal);
}

async function refusal(bytes: Buffer, by = fitter): Promise<string> {
  const error = await fit(bytes, by).then(
    () => new Error('it was taken'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(PictureError);
  return error instanceof Error ? error.message : '';
}

describe('a picture within the limits', () => {
  it.each([
    ['png', () => noise(300, 200).png()],
    ['png', () => noise(300, 200, 4).png({ progressive: true })],
    ['jpg', () => noise(300, 200).jpeg()],
    ['jpg', () => noise(300, 200).jpeg({ progressive: true }).withMetadata({ orientation: 1 })],
    ['webp', () => noise(300, 200).webp()],
    ['webp', () => noise(300, 200, 4).webp({ lossless: true })],
    ['png', () => noise(1, 1).png()],
    ['png', () => sharp({ create: { width: 2, height: 30_000, channels: 3, background: 'red' } }).png()],
    ['jpg', () => sharp({ create: { width: 8192, height: 6144, channels: 3, background: 'red' } }).jpeg()],
  ] as const)('is passed on byte for byte (%s, %#)', async (type, make) => {
    const bytes = await make().toBuffer();
    const picture = await fit(bytes);
    expect(picture.type).toBe(type);
    expect(picture.bytes.equals(bytes)).toBe(true);
  });

  it('may have faults that do no harm', async () => {
    const jpeg = await noise(300, 200).jpeg().toBuffer();
    // Stray bytes between the first segment and the second.
    const second = 4 + jpeg.readUInt16BE(4);
    const untidy = Buffer.concat([jpeg.subarray(0, second), Buffer.alloc(7), jpeg.subarray(second)]);
    await expect(sharp(untidy, { failOn: 'warning' }).raw().toBuffer()).rejects.toThrow('extraneous');
    expect((await fit(untidy)).bytes.equals(untidy)).toBe(true);
  });
});

describe('a picture that is too big', () => {
  it('gets smaller and keeps its proportions', async () => {
    const png = await noise(4000, 2500).png({ compressionLevel: 1 }).toBuffer();
    expect(png.length).toBeGreaterThan(28 * MIB);
    const { bytes, type } = await fit(png);
    expect(type).toBe('jpg');
    expect(bytes.length).toBeLessThan(9.5 * MIB);
    expect(await sharp(bytes).metadata()).toMatchObject({ format: 'jpeg', width: 2048, height: 1280 });
  });

  it.each(['png', 'webp'] as const)('keeps its alpha channel (%s)', async (format) => {
    const [width, height] = [2000, 1800];
    const pixels = await noise(width, height, 4).raw().toBuffer();
    for (let at = 0; at < width * height; at++) pixels[at * 4 + 3] = at % width < width / 2 ? 20 : 255;
    const raw = sharp(pixels, { raw: { width, height, channels: 4 } });
    const file = await (format === 'png' ? raw.png() : raw.webp({ lossless: true, effort: 0 })).toBuffer();
    expect(file.length).toBeGreaterThan(9.5 * MIB);
    const { bytes, type } = await fit(file);
    expect(type).toBe('webp');
    expect(bytes.length).toBeLessThan(9.5 * MIB);
    // Never enlarged.
    expect(await sharp(bytes).metadata()).toMatchObject({ format: 'webp', width, height, hasAlpha: true });
    expect((await pixelAt(bytes, 100, 900))[3]).toBe(20);
    expect((await pixelAt(bytes, 1900, 900))[3]).toBe(255);
  });

  it.each([
    [3 * MIB, 2048],
    [1.5 * MIB, 1536],
    [0.5 * MIB, 1024],
  ])('goes down in steps until it has at most %d bytes', async (maxBytes, width) => {
    const png = await noise(2400, 1600).png({ compressionLevel: 1 }).toBuffer();
    const { bytes } = await fit(png, createPictureFitter({ maxBytes }));
    expect(bytes.length).toBeLessThanOrEqual(maxBytes);
    expect((await sharp(bytes).metadata()).width).toBe(width);
  });

  it('is refused when the steps do not do', async () => {
    const png = await noise(1200, 800).png().toBuffer();
    expect(await refusal(png, createPictureFitter({ maxBytes: 10_000 }))).toBe('it cannot be made small enough');
  });
});

describe('several pictures', () => {
  it('are decoded one at a time', async () => {
    const small = await noise(600, 400).png().toBuffer();
    const turned = await redThenBlue(600, 300).jpeg().withMetadata({ orientation: 6 }).toBuffer();
    const seen: number[] = [];
    // The counters are the whole process's: what earlier tests gave up may still be ending.
    await expect.poll(() => sharp.counters().queue + sharp.counters().process, { timeout: 35_000 }).toBe(0);
    const look = () => seen.push(sharp.counters().process);
    sharp.queue.on('change', look);
    try {
      await Promise.all([small, turned, small, turned, small].map((bytes) => fit(bytes)));
    } finally {
      sharp.queue.off('change', look);
    }
    expect(seen.length).toBeGreaterThanOrEqual(5);
    expect(Math.max(...seen)).toBeLessThanOrEqual(1);
  });
});

describe('what it shows', () => {
  it('is turned as its EXIF orientation says, and the EXIF is gone', async () => {
    const lying = await redThenBlue(600, 300)
      .jpeg()
      .withExif({ IFD0: { Copyright: 'a name' }, IFD3: { GPSLatitude: '51/1 30/1 0/1' } })
      .withMetadata({ orientation: 6 })
      .toBuffer();
    expect(await sharp(lying).metadata()).toMatchObject({ orientation: 6, exif: expect.any(Buffer) });
    const { bytes, type } = await fit(lying);
    expect(type).toBe('jpg');
    const upright = await sharp(bytes).metadata();
    expect(upright).toMatchObject({ width: 300, height: 600 });
    expect(upright.orientation).toBeUndefined();
    expect(upright.exif).toBeUndefined();
    const [top, bottom] = [await pixelAt(bytes, 150, 50), await pixelAt(bytes, 150, 550)];
    expect(top[0]).toBeGreaterThan(240);
    expect(top[2]).toBeLessThan(15);
    expect(bottom[0]).toBeLessThan(15);
    expect(bottom[2]).toBeGreaterThan(240);
  });

  it('is the first picture of an animation', async () => {
    const frames = await Promise.all(
      ['red', 'blue'].map((background) =>
        sharp({ create: { width: 60, height: 40, channels: 3, background } })
          .png()
          .toBuffer(),
      ),
    );
    const animation = await sharp(frames, { join: { animated: true } })
      .webp({ delay: [100, 100] })
      .toBuffer();
    expect((await sharp(animation).metadata()).pages).toBe(2);
    const { bytes } = await fit(animation);
    const still = await sharp(bytes).metadata();
    expect(still).toMatchObject({ width: 60, height: 40 });
    expect(still.pages ?? 1).toBe(1);
    expect((await pixelAt(bytes, 30, 20))[0]).toBeGreaterThan(240);
  });
});

describe('a file that claims too many pixels', () => {
  it('is refused by its header, at once and with little memory', async () => {
    const bomb = pngThatClaims(50_000, 50_000);
    expect(bomb.length).toBeLessThan(200);
    const [began, before] = [performance.now(), process.memoryUsage().rss];
    expect(await refusal(bomb)).toBe('it has 50000 × 50000 pixels; at most 51 megapixels are taken');
    expect(performance.now() - began).toBeLessThan(5000);
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * MIB);
  });

  it('is judged by the product of its sides, and by each', async () => {
    expect(await refusal(pngThatClaims(10_000, 5101))).toContain('10000 × 5101 pixels');
    // This many are taken: it is refused for having no more than a header.
    expect(await refusal(pngThatClaims(10_000, 5100))).toBe('it is broken or incomplete');
    const thin = 'it has 40000 × 10 pixels; at most 32768 pixels on a side are taken';
    expect(await refusal(pngThatClaims(40_000, 10))).toBe(thin);
    expect(await refusal(pngThatClaims(10, 40_000))).toContain('10 × 40000 pixels');
  });
});

describe('a file that is no good', () => {
  it.each([
    ['PNG', () => noise(500, 400).png()],
    ['interlaced PNG', () => noise(500, 400).png({ progressive: true })],
    ['JPEG', () => noise(500, 400).jpeg()],
    ['progressive JPEG', () => noise(500, 400).jpeg({ progressive: true })],
    ['WebP', () => noise(500, 400).webp()],
    ['lossless WebP', () => noise(500, 400, 4).webp({ lossless: true })],
  ] as const)('is refused when it is cut off (%s)', async (_name, make) => {
    const whole = await make().toBuffer();
    for (const part of [0.01, 0.5, 0.99]) {
      expect(await refusal(whole.subarray(0, whole.length * part))).toBe('it is broken or incomplete');
    }
  });

  it('is refused when it is cut off and too big', async () => {
    const whole = await noise(2200, 1800).png({ compressionLevel: 1 }).toBuffer();
    const cut = whole.subarray(0, whole.length - 100_000);
    expect(cut.length).toBeGreaterThan(9.5 * MIB);
    expect(await refusal(cut)).toBe('it is broken or incomplete');
  });

  it('is refused when its bytes are damaged', async () => {
    const damaged = await noise(500, 400).png().toBuffer();
    damaged.fill(0x55, 300_000, 300_100);
    expect(await refusal(damaged)).toBe('it is broken or incomplete');
  });

  it.each([
    ['a GIF', () => noise(30, 20).gif().toBuffer()],
    ['a TIFF', () => noise(30, 20).tiff().toBuffer()],
    ['an SVG', async () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')],
    ['a page', async () => Buffer.from('<!doctype html><title>Not found</title>')],
    ['nothing', async () => Buffer.alloc(0)],
    ['a mere PNG signature', async () => pngThatClaims(1, 1).subarray(0, 8)],
  ] as const)('is refused when it is something else (%s)', async (_name, make) => {
    expect(await refusal(await make())).toBe('it is neither PNG, JPEG nor WebP');
  });

  it('never gets to the decoder of another format', async () => {
    const gif = await noise(30, 20).gif().toBuffer();
    await expect(sharp(gif).metadata()).rejects.toThrow('unsupported image format');
  });
});
