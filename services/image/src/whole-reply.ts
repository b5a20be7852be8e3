import type { ImageParams } from '@grok2api/contracts';
import { imageJson, type ReadyImage } from './ready-image.js';

/** The upstream counts no tokens for images. */
export const NO_USAGE = {
  total_tokens: 0,
  input_tokens: 0,
  output_tokens: 0,
  input_tokens_details: { text_tokens: 0, image_tokens: 0 },
};

/**
 * An answer that is not streamed, piece by piece: only a piece of it is in memory as text.
 * @param created in seconds since 1970
 */
export function* wholeReply(
  created: number,
  images: readonly ReadyImage[],
  format: ImageParams['response_format'],
): Generator<string> {
  yield `{"created":${created},"data":`;
  yield* imagesJson(images, format);
  yield `,"usage":${JSON.stringify(NO_USAGE)}}`;
}

/** `data` as JSON, piece by piece. */
export function* imagesJson(images: readonly ReadyImage[], format: ImageParams['response_format']): Generator<string> {
  yield '[';
  for (const [index, image] of images.entries()) {
    if (index > 0) yield ',';
    yield* imageJson(image, format);
  }
  yield ']';
}
