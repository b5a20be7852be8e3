import sharp from 'sharp';
import type { Bitmap } from './bitmap.js';
import { PictureError } from './picture-error.js';

/** Long side, in pixels, and quality; the next one when the one before was still too big. */
const ENCODINGS = [
  { side: 2048, quality: 95 },
  { side: 2048, quality: 80 },
  { side: 1024, quality: 80 },
];

/** A whole picture file: WebP where there is an alpha channel, else JPEG. */
export interface EncodedPicture {
  bytes: Buffer;
  mimeType: 'image/jpeg' | 'image/webp';
}

/**
 * Makes a file of at most `maxBytes`, and of at most 2048 pixels a side: there is nothing in it but the picture.
 * @throws PictureError when it cannot be made that small
 */
export async function encodePicture(bitmap: Bitmap, maxBytes: number): Promise<EncodedPicture> {
  const { pixels, ...raw } = bitmap;
  const hasAlpha = bitmap.channels === 4;
  for (const { side, quality } of ENCODINGS) {
    const resized = sharp(pixels, { raw }).resize(side, side, { fit: 'inside', withoutEnlargement: true });
    const encoded = hasAlpha ? resized.webp({ quality }) : resized.jpeg({ quality, chromaSubsampling: '4:4:4' });
    const bytes = await encoded.toBuffer();
    if (bytes.length <= maxBytes) return { bytes, mimeType: hasAlpha ? 'image/webp' : 'image/jpeg' };
  }
  throw new PictureError('it cannot be made small enough');
}
