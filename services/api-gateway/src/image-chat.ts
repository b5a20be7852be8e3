import { text } from 'node:stream/consumers';
import {
  type ImageCompletionRequest,
  type MediaRequestLimits,
  type ModelCatalogue,
  parseImageCompletion,
} from '@grok2api/contracts';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { type EditPicturesDependencies, withPictures } from './edit-pictures.js';
import { askImageService, type ImageJob, type ImageServiceDependencies } from './image-service.js';
import { type CompletionFrame, completion, contentChunks, roleChunk } from './media-completion.js';
import type { Relays } from './relay.js';
import { eventsText } from './reply/sse-stream.js';

export interface ImageChatDependencies extends ImageServiceDependencies, EditPicturesDependencies {
  models: ModelCatalogue;
  limits: MediaRequestLimits;
  relays: Relays;
  now: () => number;
}

const replySchema = z.object({ data: z.tuple([z.object({ url: z.string() })]) });

/** Makes what answers a chat completion with an image model: one image, as Markdown. */
export function createImageChat(dependencies: ImageChatDependencies) {
  const { models, limits, relays, randomHex, now } = dependencies;

  async function* answer(request: ImageCompletionRequest, job: ImageJob, signal: AbortSignal): AsyncGenerator<Buffer> {
    const frame: CompletionFrame = {
      id: `chatcmpl-${randomHex()}`,
      created: Math.floor(now() / 1000),
      model: request.image.model.id,
    };
    const reply = await text(askImageService(job, signal, dependencies));
    const [{ url }] = replySchema.parse(JSON.parse(reply)).data;
    const content = `![image](${url})`;
    const whole = request.stream
      ? eventsText([roleChunk(frame), ...contentChunks(frame, content, request.includeUsage)])
      : JSON.stringify(completion(frame, content));
    yield Buffer.from(whole);
  }

  return async (req: Request, res: Response): Promise<void> => {
    const request = parseImageCompletion(req.body, models, limits);
    const relay = (pictures?: ImageJob['pictures']) =>
      relays.relay(res, {
        send: (signal) => answer(request, { request: request.image, pictures, req, res }, signal),
        format: request.stream ? 'sse' : 'json',
        repeatable: false,
      });
    if (request.imageUrls.length === 0) await relay();
    else await withPictures(request.imageUrls, 'messages', req, res, dependencies, relay);
  };
}
