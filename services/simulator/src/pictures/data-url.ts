import type { Image } from '@napi-rs/canvas';
import { invalidArgument } from '../wire/xai-error.js';
import { decodePicture } from './decode-picture.js';

/** Whether a URL carries its content in itself. */
export function isDataUrl(url: string): boolean {
  return /^data:/i.test(url);
}

/**
 * Decodes the JPEG, PNG or WebP of a data URL.
 * @throws XaiError 400 when it holds no such picture
 */
export async function readDataUrl(url: string): Promise<Image> {
  return decodePicture(decodeDataUrl(url));
}

function decodeDataUrl(url: string): Buffer {
  const comma = url.indexOf(',');
  const head = url.slice(0, Math.max(comma, 0));
  if (!/^data:image\/[\w.+-]+(;[^;,]*)*;base64$/i.test(head)) {
    throw invalidArgument('The image URL must be `data:image/<type>;base64,<data>`.');
  }
  return Buffer.from(url.slice(comma + 1), 'base64');
}
