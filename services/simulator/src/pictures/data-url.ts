import { invalidArgument } from '../wire/xai-error.js';

/** Whether a URL carries its content in itself. */
export function isDataUrl(url: string): boolean {
  return /^data:/i.test(url);
}

/**
 * The bytes in the data URL of a picture.
 * @throws XaiError 400 when it is no such URL
 */
export function decodeDataUrl(url: string): Buffer {
  const comma = url.indexOf(',');
  const head = url.slice(0, Math.max(comma, 0));
  if (!/^data:image\/[\w.+-]+(;[^;,]*)*;base64$/i.test(head)) {
    throw invalidArgument('The image URL must be `data:image/<type>;base64,<data>`.');
  }
  return Buffer.from(url.slice(comma + 1), 'base64');
}
