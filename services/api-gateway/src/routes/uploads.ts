import { fileUrl, type RandomHex } from '@grok2api/contracts';
import { type MediaStore, parseMediaId } from '@grok2api/media-store';
import type { Logger } from '@grok2api/service-kit';
import { type RequestHandler, Router } from 'express';
import { type Answer, sendAnswer } from '../answer.js';
import { wholeReply } from '../idempotency/kept-reply.js';
import type { KeyedRequests } from '../idempotency/keyed-requests.js';
import type { PublicUrls } from '../public-url.js';
import { createUpload, MAX_PICTURE_BYTES, uploadedPictures } from '../upload.js';

/** The picture is all that is looked at. */
const MAX_FIELDS = 10;
const MAX_FIELD_BYTES = 10_000;
const MAX_NAME_LENGTH = 200;

export interface UploadRoutesDependencies {
  media: MediaStore;
  urls: PublicUrls;
  randomHex: RandomHex;
  log: Logger;
  keyed: KeyedRequests;
  requireKey: RequestHandler;
}

/** `POST /video/upload`: a picture for a video's first frame, streamed into the media store. */
export function uploadRoutes({ media, urls, randomHex, log, keyed, requireKey }: UploadRoutesDependencies): Router {
  const upload = createUpload({
    media,
    randomHex,
    log,
    fieldNames: ['file'],
    maxFiles: 1,
    maxFileBytes: MAX_PICTURE_BYTES,
    maxFields: MAX_FIELDS,
    maxFieldBytes: MAX_FIELD_BYTES,
  });

  const answerUpload = keyed.once(async (req, res) => {
    const [picture] = uploadedPictures(req);
    if (!picture) throw new Error('an upload without a picture was let through');
    const hex = parseMediaId(picture.mediaId)?.hex ?? '';
    const body = {
      file_id: `file_${hex}`,
      file_uri: `uploads/${hex}/${plainName(picture.originalName)}`,
      image_url: fileUrl(urls.originOf(req), picture.mediaId),
    };
    const answer: Answer = { status: 200, headers: {}, body };
    await res.locals.work?.complete(wholeReply(answer));
    sendAnswer(res, answer);
  });

  const router = Router();
  router.route('/video/upload').post(requireKey, upload, answerUpload);
  return router;
}

/** The last part of a client's file name, without what could mean something in a path. */
function plainName(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? '';
  const plain = last.replace(/[^\p{L}\p{N}._-]/gu, '_').slice(-MAX_NAME_LENGTH);
  return /^\.*$/.test(plain) ? 'file' : plain;
}
