import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Bitmap } from '../src/bitmap.js';
import { configureSharp } from '../src/configure-sharp.js';
import { decodePicture } from '../src/decode-picture.js';
import { PictureError } from '../src/picture-error.js';
import { MIB, noise, pngThatClaims, redThenBlue } from './picture-files.js';

beforeAll(configureSharp);

function decode(bytes: Buffer, side = 2048): Promise<Bitmap> {
  return decodePicture(bytes, { side, enlarge: false });
}

async function refusal(bytes: Buffer): Promise<string> {
  const error = await decode(bytes).then(
    () => new Error('it was taken'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(PictureError);
  return error instanceof Error ? error.message : '';
}

function pixel({ pixels, width, channels }: Bitmap, left: number, top: number): number[] {
  const at = (top * width + left) * channels;
  return [...pixels.subarray(at, at + channels)];
}

describe('a picture within the limits', () => {
  it.each([
    [3, () => noise(300, 200).png()],
    [4, () => noise(300, 200, 4).png({ progressive: true })],
    [4, () => noise(300, 200, 4).webp({ lossless: true })],
    [3, () => noise(1, 1).png()],
    [3, () => noise(300, 200).webp({ lossless: true })],
  ] as const)('is decoded as it is (%d channels, %#)', async (channels, make) => {
    const bytes = await make().toBuffer();
    const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
    const bitmap = await decode(bytes);
    expect(bitmap).toMatchObject({ width: info.width, height: info.height, channels });
    expect(bitmap.pixels.equals(data)).toBe(true);
  });

  it.each([
    ['grey', 3, () => noise(40, 30).greyscale().toColourspace('b-w').png()],
    ['grey JPEG', 3, () => noise(40, 30).greyscale().toColourspace('b-w').jpeg()],
    ['grey with alpha', 4, () => noise(40, 30, 4).greyscale().toColourspace('b-w').png()],
    ['of a palette', 3, () => redThenBlue(40, 30).png({ palette: true })],
    ['of a palette with alpha', 4, () => noise(40, 30, 4).png({ palette: true })],
    ['of 16 bits a channel', 3, () => redThenBlue(40, 30).toColourspace('rgb16').png()],
    ['for print', 3, () => redThenBlue(40, 30).toColourspace('cmyk').jpeg()],
  ] as const)('comes in one form, whatever its own is (%s)', async (_name, channels, make) => {
    const bitmap = await decode(await make().toBuffer());
    expect(bitmap).toMatchObject({ width: 40, height: 30, channels });
    expect(bitmap.pixels.length).toBe(40 * 30 * channels);
  });

  it('may have many pixels, on one side or on both', async () => {
    const thin = sharp({ create: { width: 2, height: 30_000, channels: 3, background: 'red' } }).png();
    expect(await decode(await thin.toBuffer())).toMatchObject({ width: 1, height: 2048 });
    const large = sharp({ create: { width: 8192, height: 6144, channels: 3, background: 'red' } }).jpeg();
    expect(await decode(await large.toBuffer())).toMatchObject({ width: 2048, height: 1536 });
  });

  it('may have faults that do no harm', async () => {
    const jpeg = await noise(300, 200).jpeg().toBuffer();
    // Stray bytes between the first segment and the second.
    const second = 4 + jpeg.readUInt16BE(4);
    const untidy = Buffer.concat([jpeg.subarray(0, second), Buffer.alloc(7), jpeg.subarray(second)]);
    await expect(sharp(untidy, { failOn: 'warning' }).raw().toBuffer()).rejects.toThrow('extraneous');
    expect(await decode(untidy)).toEqual(await decode(jpeg));
  });
});

describe('its size', () => {
  it('shrinks to the side that is wanted, in proportion', async () => {
    const png = await noise(400, 250).png().toBuffer();
    expect(await decode(png, 200)).toMatchObject({ width: 200, height: 125 });
    expect(await decode(png, 401)).toMatchObject({ width: 400, height: 250 });
  });

  it('grows to it when that is wanted', async () => {
    const png = await redThenBlue(40, 20).png().toBuffer();
    const bitmap = await decodePicture(png, { side: 200, enlarge: true });
    expect(bitmap).toMatchObject({ width: 200, height: 100 });
    expect(pixel(bitmap, 20, 50)).toEqual([255, 0, 0]);
  });
});

describe('what it shows', () => {
  it('is turned as its EXIF orientation says', async () => {
    const lying = await redThenBlue(600, 300).jpeg().withMetadata({ orientation: 6 }).toBuffer();
    const bitmap = await decode(lying);
    expect(bitmap).toMatchObject({ width: 300, height: 600 });
    const [red = 0, , blue = 255] = pixel(bitmap, 150, 50);
    expect(red).toBeGreaterThan(240);
    expect(blue).toBeLessThan(15);
    const [otherRed = 255, , otherBlue = 0] = pixel(bitmap, 150, 550);
    expect(otherRed).toBeLessThan(15);
    expect(otherBlue).toBeGreaterThan(240);
  });

  it('is turned before it is measured', async () => {
    const lying = await redThenBlue(400, 100).webp().withMetadata({ orientation: 8 }).toBuffer();
    expect(await decode(lying, 200)).toMatchObject({ width: 50, height: 200 });
  });

  it('has the colours that its profile means', async () => {
    const green = sharp({ create: { width: 20, height: 20, channels: 3, background: '#30a050' } });
    const wide = await green.withIccProfile('p3').png().toBuffer();
    // The numbers in the file are others.
    const [stored = 0] = await sharp(wide, { ignoreIcc: true }).raw().toBuffer();
    expect(Math.abs(stored - 0x30)).toBeGreaterThan(10);
    const [red = 0, shown = 0, blue = 0] = pixel(await decode(wide), 10, 10);
    expect(Math.max(Math.abs(red - 0x30), Math.abs(shown - 0xa0), Math.abs(blue - 0x50))).toBeLessThanOrEqual(2);
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
    const still = await decode(animation);
    expect(still).toMatchObject({ width: 60, height: 40 });
    expect(pixel(still, 30, 20)[0]).toBeGreaterThan(240);
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

  it.each([
    ['PNG', () => noise(4200, 1800).png({ compressionLevel: 1 })],
    ['JPEG', () => noise(4200, 1800).jpeg()],
    ['WebP', () => noise(4200, 1800).webp({ effort: 0 })],
  ] as const)('is refused when it is cut off and too big (%s)', async (_name, make) => {
    const whole = await make().toBuffer();
    expect(await refusal(whole.subarray(0, whole.length * 0.99))).toBe('it is broken or incomplete');
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
