import type { ImageParams } from '@grok2api/contracts';
import type { MadeImage } from './made-image.js';

/** An image as it is answered: under a URL, or as the file itself. */
export interface ReadyImage extends Omit<MadeImage, 'bytes'> {
  content: { url: string } | { bytes: Buffer };
}

/** Bytes that are encoded at a time: three of them make four characters. */
const BASE64_STEP = 48 * 1024;
const OUTPUT_FORMATS = { jpg: 'jpeg', png: 'png', webp: 'webp' } as const;

/** What OpenAI's API tells of an image besides the image. */
export function imageFacts({ type, width, height }: Omit<MadeImage, 'bytes'>, { quality }: ImageParams) {
  return {
    size: `${width}x${height}`,
    quality: quality ?? 'auto',
    // A JPEG has no alpha channel; of the others nobody has looked.
    background: type === 'jpg' ? 'opaque' : 'auto',
    output_format: OUTPUT_FORMATS[type],
  };
}

/** An entry of `data` as JSON, piece by piece. */
export function* imageJson(
  { content, revisedPrompt }: ReadyImage,
  format: ImageParams['response_format'],
): Generator<string> {
  yield '{';
  yield* contentJson(content, format);
  if (revisedPrompt !== undefined) yield `,"revised_prompt":${JSON.stringify(revisedPrompt)}`;
  yield '}';
}

/** The image itself as a field of a JSON object, or two where it is to be there under both of its names. */
export function* contentJson(
  content: ReadyImage['content'],
  format: ImageParams['response_format'],
): Generator<string> {
  if ('url' in content) {
    yield `"url":${JSON.stringify(content.url)}`;
    return;
  }
  yield* base64Json('b64_json', content.bytes);
  if (format !== 'base64') return;
  yield ',';
  yield* base64Json('base64', content.bytes);
}

/** A file in base64 as a field of a JSON object, piece by piece. */
export function* base64Json(name: string, bytes: Buffer): Generator<string> {
  yield `"${name}":"`;
  for (let at = 0; at < bytes.length; at += BASE64_STEP) {
    yield bytes.toString('base64', at, Math.min(at + BASE64_STEP, bytes.length));
  }
  yield '"';
}
