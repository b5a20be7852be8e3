import { pictureType } from '@grok2api/media-store';
import sharp, { type Metadata, type SharpOptions } from 'sharp';
import type { Bitmap } from './bitmap.js';
import { checkDimensions, MAX_PIXELS } from './limits.js';
import { BROKEN, NOT_A_PICTURE, PictureError } from './picture-error.js';

const DECODE_TIMEOUT_S = 30;

const READ_OPTIONS: SharpOptions = {
  // Stops at a cut file and at a wrong checksum. Mere warnings, which many cameras' files cause, are let pass.
  failOn: 'error',
  limitInputPixels: MAX_PIXELS,
  sequentialRead: true,
};

export interface DecodeOptions {
  /** Longest side of the result, in pixels. */
  side: number;
  /** Whether a smaller picture is drawn as large as `side`; else it keeps its size. */
  enlarge: boolean;
}

/**
 * Decodes a PNG, JPEG or WebP file, every pixel of it, to at most `side` pixels a side: its proportions kept, turned as
 * its EXIF orientation says, its colours as its profile says; of an animation the first picture. Nothing else that is
 * in the file gets out.
 * @throws PictureError
 */
export async function decodePicture(bytes: Buffer, { side, enlarge }: DecodeOptions): Promise<Bitmap> {
  if (!(await pictureType(bytes))) throw new PictureError(NOT_A_PICTURE);
  const { hasAlpha } = await readHeader(bytes);
  const decoded = sharp(bytes, READ_OPTIONS)
    .autoOrient()
    .resize(side, side, { fit: 'inside', withoutEnlargement: !enlarge })
    .toColourspace('srgb')
    .timeout({ seconds: DECODE_TIMEOUT_S });
  const exact = hasAlpha ? decoded.ensureAlpha() : decoded.removeAlpha();
  const { data, info } = await readable(exact.raw().toBuffer({ resolveWithObject: true }));
  return { pixels: data, width: info.width, height: info.height, channels: hasAlpha ? 4 : 3 };
}

/** Only the header is read, however large the picture says it is. */
async function readHeader(bytes: Buffer): Promise<Metadata> {
  const header = await readable(sharp(bytes, { ...READ_OPTIONS, limitInputPixels: false }).metadata());
  checkDimensions(header);
  return header;
}

/** What sharp says about a file is for the log: the client learns that the file is at fault. */
async function readable<Result>(reading: Promise<Result>): Promise<Result> {
  try {
    return await reading;
  } catch (cause) {
    const tookTooLong = cause instanceof Error && cause.message.startsWith('timeout');
    throw new PictureError(tookTooLong ? 'it takes too long to decode' : BROKEN, { cause });
  }
}
