import type { Bus, ReplyStream } from '@grok2api/bus';
import { editImages, generateImages, type ImageRequest, type PictureSource } from '@grok2api/contracts';
import type { MediaStore } from '@grok2api/media-store';
import type { Request, Response } from 'express';
import { deadlineOf } from './deadline.js';
import type { PublicUrls } from './public-url.js';

/** Longer than the image service itself takes. */
const DEADLINE_MS = 600_000;

export interface ImageServiceDependencies {
  bus: Bus;
  media: MediaStore;
  urls: PublicUrls;
}

/** Images that are to be made, from pictures if there are any, and from whose request. */
export interface ImageJob {
  request: ImageRequest;
  pictures?: PictureSource[] | undefined;
  req: Request;
  res: Response;
}

/** Asks the image service to make images; its reply are bytes for the client. The signal ends it. */
export function askImageService(
  { request, pictures, req, res }: ImageJob,
  signal: AbortSignal,
  { bus, media, urls }: ImageServiceDependencies,
): ReplyStream {
  const message = { ...request, owner: res.locals.identity.owner, origin: urls.originOf(req) };
  const options = {
    requestId: res.locals.requestId,
    deadlineMs: deadlineOf(req, DEADLINE_MS),
    signal,
    claimCheck: media,
  };
  return pictures
    ? bus.openStream(editImages, { ...message, pictures }, options)
    : bus.openStream(generateImages, message, options);
}
