import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ApiError, IMAGE_ASPECT_RATIOS, imageShape } from '../src/index.js';

const side = fc.integer({ min: 1, max: 99_999 });

function proportionOf(ratio: string): number {
  const [width = 0, height = 0] = ratio.split(':').map(Number);
  return width / height;
}

describe('the shape of an image', () => {
  it.each([
    ['1024x1024', '1:1', '1k'],
    ['256x256', '1:1', '1k'],
    ['1344x768', '16:9', '1k'],
    ['1792x1024', '16:9', '2k'],
    ['1024x1792', '9:16', '2k'],
    ['1536x1024', '3:2', '2k'],
    ['1920x1080', '16:9', '2k'],
    ['1080X2340', '9:19.5', '2k'],
    ['1x99999', '9:20', '1k'],
  ])('%s is %s in %s', (size, aspect_ratio, resolution) => {
    expect(imageShape(size)).toEqual({ aspect_ratio, resolution });
  });

  it('is the nearest that the upstream has, whatever the size', () => {
    fc.assert(
      fc.property(side, side, (width, height) => {
        const distance = (ratio: string) => Math.abs(Math.log(proportionOf(ratio)) - Math.log(width / height));
        const chosen = distance(imageShape(`${width}x${height}`).aspect_ratio);
        for (const ratio of IMAGE_ASPECT_RATIOS) expect(distance(ratio)).toBeGreaterThanOrEqual(chosen - 1e-9);
      }),
    );
  });

  it('is upright where the size is', () => {
    fc.assert(
      fc.property(side, side, (width, height) => {
        const turned = imageShape(`${height}x${width}`).aspect_ratio.split(':').reverse().join(':');
        expect(proportionOf(turned)).toBeCloseTo(proportionOf(imageShape(`${width}x${height}`).aspect_ratio), 9);
      }),
    );
  });

  it('never asks for fewer pixels when more are wanted', () => {
    fc.assert(
      fc.property(side, side, side, (width, height, more) => {
        if (imageShape(`${width}x${height}`).resolution !== '2k') return;
        expect(imageShape(`${Math.min(width + more, 99_999)}x${height}`).resolution).toBe('2k');
      }),
    );
  });

  it('is left to the upstream with auto', () => {
    expect(imageShape('auto')).toEqual({ aspect_ratio: 'auto' });
  });

  it('is refused when it is no size', () => {
    const sizes = fc.string().filter((text) => text !== 'auto' && !/^[1-9]\d{0,4}x[1-9]\d{0,4}$/i.test(text));
    const nonsense = fc.oneof(
      fc.constantFrom('', ' ', 'AUTO', 'large', '1024', '0x0', '0x512', '-1x5', '1024x', '1e3x5', '16:9', '10 x 10'),
      sizes,
    );
    fc.assert(
      fc.property(nonsense, (size) => {
        try {
          imageShape(size);
        } catch (err) {
          expect(err).toBeInstanceOf(ApiError);
          expect(err).toMatchObject({ code: 'invalid_size', status: 400, param: 'size' });
          return;
        }
        throw new Error(`${size} was accepted`);
      }),
    );
  });
});
