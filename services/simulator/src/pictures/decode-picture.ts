import { type Image, loadImage } from '@napi-rs/canvas';
import { invalidArgument } from '../wire/xai-error.js';

/**
 * Decodes a JPEG, PNG or WebP.
 * @throws XaiError 400 when it is none of them, or broken
 */
export async function decodePicture(bytes: Buffer): Promise<Image> {
  if (!isKnownFormat(bytes)) throw invalidArgument('The image must be a JPEG, PNG or WebP.');
  try {
    return await loadImage(bytes);
  } catch (err) {
    throw invalidArgument('The image could not be decoded.', { cause: err });
  }
}

function isKnownFormat(bytes: Buffer): boolean {
  const isJpeg = bytes.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff]));
  const isPng = bytes.subarray(0, 4).equals(Buffer.from([0x89, 0x50, 0x4e, 0x47]));
  const isWebp = bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP';
  return isJpeg || isPng || isWebp;
}
