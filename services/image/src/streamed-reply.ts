import type { ImageParams } from '@grok2api/contracts';
import type { MadeImage } from './made-image.js';
import { base64Json, contentJson, imageFacts, type ReadyImage } from './ready-image.js';
import { imagesJson, NO_USAGE } from './whole-reply.js';

/** What the names of the events begin with. */
export type Operation = 'image_generation' | 'image_edit';

/** What all events of a reply have in common. */
export interface EventContext {
  operation: Operation;
  /** In seconds since 1970. */
  created: number;
  params: ImageParams;
}

/** An image that is ready before the others, as a server-sent event, piece by piece. */
export function* partialImageEvent(
  image: MadeImage,
  index: number,
  { operation, created, params }: EventContext,
): Generator<string> {
  const type = `${operation}.partial_image`;
  const fields = { type, index, partial_image_index: 0, created_at: created, ...imageFacts(image, params) };
  yield* event(type, fields, base64Json('b64_json', image.bytes));
}

/** The last event: all of the images, and the first one once more where OpenAI's clients look for it. */
export function* completedEvent(
  images: readonly [ReadyImage, ...ReadyImage[]],
  { operation, created, params }: EventContext,
): Generator<string> {
  const type = `${operation}.completed`;
  const facts = imageFacts(images[0], params);
  const fields = { type, created, created_at: created, ...facts, usage: NO_USAGE };
  yield* event(type, fields, lastFields(images, params));
}

function* lastFields(images: readonly [ReadyImage, ...ReadyImage[]], { response_format }: ImageParams) {
  yield '"data":';
  yield* imagesJson(images, response_format);
  yield ',';
  yield* contentJson(images[0].content, 'b64_json');
}

function* event(type: string, fields: object, lastFields: Iterable<string>): Generator<string> {
  yield `event: ${type}\ndata: ${JSON.stringify(fields).slice(0, -1)},`;
  yield* lastFields;
  yield '}\n\n';
}
