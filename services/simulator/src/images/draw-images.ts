import { setImmediate as yieldToOthers } from 'node:timers/promises';
import type { Image } from '@napi-rs/canvas';
import { drawPoster } from '../draw/poster.js';
import { readPicture } from '../pictures/read-picture.js';
import { type ImageSize, imageSize } from './image-size.js';
import type { MagicWords } from './magic-words.js';
import type { ImageRequest } from './request.js';

const MAX_INPUT_BYTES = 10 * 1024 * 1024;

/**
 * Reads the pictures that an edit names, one after the other.
 * @throws XaiError 400 for one that cannot be had, is larger than 10 MiB or is no picture
 */
export async function readInputs({ inputs }: ImageRequest): Promise<Image[]> {
  const pictures: Image[] = [];
  for (const url of inputs) pictures.push(await readPicture(url, MAX_INPUT_BYTES));
  return pictures;
}

/** What the pictures of a request are drawn with. */
export interface Drawing {
  inputs: readonly Image[];
  count: number;
  type: MagicWords['type'];
  signal: AbortSignal;
}

/**
 * Draws the pictures of a request one after the other, letting others run in between.
 * @throws Error with the reason of the signal once it is aborted
 */
export async function drawImages(request: ImageRequest, drawing: Drawing): Promise<Buffer[]> {
  const { inputs, count, type, signal } = drawing;
  const size = sizeOf(request, inputs[0]);
  const images: Buffer[] = [];
  for (let index = 0; index < count; index += 1) {
    await yieldToOthers();
    signal.throwIfAborted();
    const footer = `${request.model.id} · ${size.width}×${size.height} · ${index + 1}/${count}`;
    images.push(await drawPoster({ ...size, prompt: request.prompt, footer, tiles: inputs, index, type }));
  }
  return images;
}

function sizeOf({ aspect_ratio: ratio, resolution }: ImageRequest, firstInput: Image | undefined): ImageSize {
  return imageSize(ratio === 'auto' ? (firstInput ?? '1:1') : ratio, resolution);
}
