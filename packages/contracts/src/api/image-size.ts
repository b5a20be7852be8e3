import { ApiError } from '../errors.js';
import { IMAGE_ASPECT_RATIOS, type ImageParams } from '../task.js';

const SIZE = /^([1-9]\d{0,4})x([1-9]\d{0,4})$/i;
/** About what the upstream's `1k` has; the common sizes of a megapixel, such as 1344x768, have a little more. */
const PIXELS_OF_1K = 1.1 * 1024 * 1024;

/** The upstream knows shapes, not sizes. */
export type ImageShape = Pick<ImageParams, 'aspect_ratio' | 'resolution'>;

/**
 * The shape that comes nearest to a size: of the upstream's aspect ratios the nearest by proportion, so that a shape and
 * its upright counterpart are treated alike, and `2k` for whoever asks for more pixels than `1k` has. `auto` leaves both
 * to the upstream.
 * @param size WIDTHxHEIGHT in pixels, or `auto` @throws ApiError `invalid_size`
 */
export function imageShape(size: string): ImageShape {
  if (size === 'auto') return { aspect_ratio: 'auto' };
  const [, width, height] = SIZE.exec(size) ?? [];
  if (width === undefined || height === undefined) {
    throw new ApiError('invalid_size', { param: 'size', values: { value: JSON.stringify(size.slice(0, 40)) } });
  }
  const pixels = Number(width) * Number(height);
  return {
    aspect_ratio: nearestRatio(Number(width) / Number(height)),
    resolution: pixels > PIXELS_OF_1K ? '2k' : '1k',
  };
}

function nearestRatio(proportion: number): ImageShape['aspect_ratio'] {
  let nearest: ImageShape['aspect_ratio'] = 'auto';
  let least = Number.POSITIVE_INFINITY;
  for (const ratio of IMAGE_ASPECT_RATIOS) {
    const [width = 1, height = 1] = ratio.split(':').map(Number);
    const distance = Math.abs(Math.log(width / height / proportion));
    if (distance < least) [nearest, least] = [ratio, distance];
  }
  return nearest;
}
