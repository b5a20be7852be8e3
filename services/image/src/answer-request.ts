import type { ReplyWriter, StreamContext } from '@grok2api/bus';
import { ApiError, type ImageMessage, type PictureSource } from '@grok2api/contracts';
import { clientErrorOf } from '@grok2api/credential-client';
import { MediaStoreUnavailableError } from '@grok2api/media-store';
import { type Asking, askForImages } from './ask.js';
import { countImages } from './count-images.js';
import type { ImageDependencies } from './dependencies.js';
import { prepareEditPictures } from './edit-pictures.js';
import { imagesOf } from './images-of.js';
import type { MadeImage } from './made-image.js';
import type { ReadyImage } from './ready-image.js';
import { storeImage } from './store-image.js';
import { completedEvent, type Operation, partialImageEvent } from './streamed-reply.js';
import type { WantedImages } from './upstream-request.js';
import { wholeReply } from './whole-reply.js';
import { writePieces } from './write-pieces.js';

/** Says that to ask again would be billed again. */
const BILLED = { 'x-should-retry': 'false' };

/** A request for images; with pictures it is an edit. */
export type ImageRequestMessage = ImageMessage & { pictures?: PictureSource[] };

/**
 * Answers one request for images, made or edited. Fewer than were asked for are an answer too.
 * @throws ApiError; the context's reason when the client has left
 */
export async function answerRequest(
  request: ImageRequestMessage,
  reply: ReplyWriter,
  context: StreamContext,
  dependencies: ImageDependencies,
): Promise<void> {
  const { timeoutMs, pictures } = dependencies;
  const deadline = AbortSignal.timeout(Math.min(context.deadlineMs, timeoutMs));
  const signal = AbortSignal.any([context.signal, deadline]);
  try {
    const wanted: WantedImages = {
      upstreamModel: request.model.upstream,
      prompt: request.prompt,
      params: request.params,
      pictures: request.pictures && (await prepareEditPictures(request.pictures, pictures, signal)),
    };
    const asking = { owner: request.owner, requestId: context.requestId, signal };
    const images = makeImages(wanted, asking, context.signal, dependencies);
    await answer(request, images, reply, context, dependencies);
  } catch (err) {
    context.signal.throwIfAborted();
    if (err === deadline.reason) throw new ApiError('upstream_timeout', { headers: BILLED, cause: err });
    throw toClientError(err);
  }
}

/** Has images made, and gives them as they come. @throws what `askForImages` throws, ApiError when none is one */
async function* makeImages(
  wanted: WantedImages,
  asking: Asking,
  left: AbortSignal,
  dependencies: ImageDependencies,
): AsyncGenerator<MadeImage> {
  const { requestId } = asking;
  const log = dependencies.log.child({ request_id: requestId });
  const count = wanted.params.n;
  const first = await askForImages(wanted, count, asking, dependencies);
  const askAgain = (missing: number) =>
    askForImages(wanted, missing, asking, dependencies).catch((err: unknown) => {
      left.throwIfAborted();
      log.warn({ err, missing }, 'the missing images did not come either');
      return undefined;
    });
  const tally = yield* imagesOf(first, { wanted: count, askAgain, log });
  countImages(dependencies.imageCounter, tally);
  if (tally.images === 0) {
    throw new ApiError('upstream_error', { values: { reason: 'what it sent is no image' }, headers: BILLED });
  }
}

async function answer(
  { params, stream, origin, pictures }: ImageRequestMessage,
  images: AsyncIterable<MadeImage>,
  reply: ReplyWriter,
  { signal }: StreamContext,
  dependencies: ImageDependencies,
): Promise<void> {
  const { now, randomHex } = dependencies;
  const operation: Operation = pictures ? 'image_edit' : 'image_generation';
  const events = { operation, created: Math.floor(now() / 1000), params };

  /** Stores the image where a URL is wanted. */
  const makeReady = async ({ bytes, ...image }: MadeImage): Promise<ReadyImage> => {
    if (params.response_format !== 'url') return { ...image, content: { bytes } };
    const id = `image_${randomHex()}.${image.type}`;
    await storeImage(id, { bytes }, signal, dependencies);
    return { ...image, content: { url: `${origin}/v1/files/${id}` } };
  };

  const ready: ReadyImage[] = [];
  for await (const image of images) {
    // The only one comes with the last event.
    if (stream && params.n > 1) await writePieces(reply, partialImageEvent(image, ready.length, events));
    ready.push(await makeReady(image));
  }
  const [first, ...others] = ready;
  if (!first) throw new Error('no image was made, and nobody said so');
  const text = stream
    ? completedEvent([first, ...others], events)
    : wholeReply(events.created, ready, params.response_format);
  await writePieces(reply, text);
}

function toClientError(err: unknown): unknown {
  // The images are made and paid.
  if (err instanceof MediaStoreUnavailableError) {
    return new ApiError('service_unavailable', { headers: BILLED, cause: err });
  }
  return clientErrorOf(err) ?? err;
}
