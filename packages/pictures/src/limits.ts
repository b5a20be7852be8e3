import { PictureError } from './picture-error.js';

/** What phones sell as 50 megapixels has up to 50.4. Decoding the worst file of this size takes about 600 MB. */
const MAX_MEGAPIXELS = 51;
/** A line of a picture is held whole: a thin one of 50 megapixels would take gigabytes. */
const MAX_SIDE = 32_768;

export const MAX_PIXELS = MAX_MEGAPIXELS * 1e6;

/** Judges what a file's header says, before anything is decoded. @throws PictureError */
export function checkDimensions({ width, height }: { width: number; height: number }): void {
  const size = `it has ${width} × ${height} pixels`;
  if (width * height > MAX_PIXELS) {
    throw new PictureError(`${size}; at most ${MAX_MEGAPIXELS} megapixels are taken`);
  }
  if (Math.max(width, height) > MAX_SIDE) {
    throw new PictureError(`${size}; at most ${MAX_SIDE} pixels on a side are taken`);
  }
}
