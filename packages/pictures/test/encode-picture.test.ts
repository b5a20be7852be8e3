import { randomFillSync } from 'node:crypto';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Bitmap } from '../src/bitmap.js';
import { configureSharp } from '../src/configure-sharp.js';
import { decodePicture } from '../src/decode-picture.js';
import { encodePicture } from '../src/encode-picture.js';
import { PictureError } from '../src/picture-error.js';
import { jpegWithSegment, MIB, noise, partsOf, pixelAt, pngWithText, redThenBlue } from './picture-files.js';

beforeAll(configureSharp);

function noiseBitmap(width: number, height: number, channels: 3 | 4 = 3): Bitmap {
  return { pixels: randomFillSync(Buffer.alloc(width * height * channels)), width, height, channels };
}

it('makes a JPEG file that shows what it was given', async () => {
  const pixels = await redThenBlue(60, 40).raw().toBuffer();
  const { bytes, mimeType } = await encodePicture({ pixels, width: 60, height: 40, channels: 3 }, MIB);
  expect(mimeType).toBe('image/jpeg');
  expect(await sharp(bytes).metadata()).toMatchObject({ format: 'jpeg', width: 60, height: 40 });
  // Sharp at the seam, too.
  for (const [left, red] of [
    [0, 255],
    [29, 255],
    [30, 0],
    [59, 0],
  ] as const) {
    expect(Math.abs(((await pixelAt(bytes, left, 20))[0] ?? 128) - red)).toBeLessThan(25);
  }
});

it('keeps an alpha channel', async () => {
  const bitmap = noiseBitmap(200, 180, 4);
  for (let at = 0; at < 200 * 180; at++) bitmap.pixels[at * 4 + 3] = at % 200 < 100 ? 20 : 255;
  const { bytes, mimeType } = await encodePicture(bitmap, MIB);
  expect(mimeType).toBe('image/webp');
  expect(await sharp(bytes).metadata()).toMatchObject({ format: 'webp', width: 200, height: 180, hasAlpha: true });
  expect((await pixelAt(bytes, 10, 90))[3]).toBe(20);
  expect((await pixelAt(bytes, 190, 90))[3]).toBe(255);
});

describe('the size of the file', () => {
  it.each([
    [9.5, 2048],
    [3.5, 2048],
    [1.5, 1024],
  ])('goes down in steps until it has at most %d MiB', async (maxMib, width) => {
    const { bytes } = await encodePicture(noiseBitmap(2048, 1365), maxMib * MIB);
    expect(bytes.length).toBeLessThanOrEqual(maxMib * MIB);
    expect((await sharp(bytes).metadata()).width).toBe(width);
  });

  it('is within the limit of the upstream for the worst of pictures', async () => {
    for (const channels of [3, 4] as const) {
      const { bytes } = await encodePicture(noiseBitmap(2048, 2048, channels), 9.5 * MIB);
      expect((await sharp(bytes).metadata()).width).toBe(2048);
    }
  });

  it('cannot be anything', async () => {
    const asked = encodePicture(noiseBitmap(1200, 800), 10_000);
    await expect(asked).rejects.toThrow(new PictureError('it cannot be made small enough'));
  });
});

describe('nothing but the picture', () => {
  const exif = { IFD0: { Copyright: 'a name' }, IFD3: { GPSLatitude: '51/1 30/1 0/1' } };
  const xmp = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf>a name</rdf></x:xmpmeta>';
  it.each([
    ['JPEG', () => noise(60, 40).jpeg().withExif(exif).withXmp(xmp).withIccProfile('p3').toBuffer()],
    ['PNG', () => noise(60, 40).png().withExif(exif).withXmp(xmp).withIccProfile('p3').toBuffer()],
    ['WebP', () => noise(60, 40).webp().withExif(exif).withXmp(xmp).withIccProfile('p3').toBuffer()],
    ['PNG, alpha', () => noise(60, 40, 4).png().withExif(exif).withXmp(xmp).withIccProfile('p3').toBuffer()],
    ['WebP, alpha', () => noise(60, 40, 4).webp().withExif(exif).withXmp(xmp).withIccProfile('p3').toBuffer()],
    ['PNG, text', async () => pngWithText(await noise(60, 40).png().toBuffer(), 'a name')],
    ['JPEG, comment', async () => jpegWithSegment(await noise(60, 40).jpeg().toBuffer(), 0xfe, Buffer.from('a name'))],
    ['JPEG, appended', async () => Buffer.concat([await noise(60, 40).jpeg().toBuffer(), Buffer.from('a name')])],
  ] as const)('is left of a file (%s)', async (_name, make) => {
    const file = await make();
    expect(file.includes('a name')).toBe(true);
    const { bytes, mimeType } = await encodePicture(await decodePicture(file, { side: 2048, enlarge: false }), MIB);
    expect(bytes.includes('a name')).toBe(false);
    // JFIF's header, tables, frame, scan; of WebP what alpha needs.
    const needed = mimeType === 'image/jpeg' ? ['e0', 'db', 'c0', 'c4', 'da'] : ['VP8X', 'ALPH', 'VP8 '];
    expect(needed).toEqual(expect.arrayContaining(partsOf(bytes)));
    const header = await sharp(bytes).metadata();
    for (const kind of ['exif', 'xmp', 'icc', 'iptc', 'orientation'] as const) expect(header[kind]).toBeUndefined();
  });
});
