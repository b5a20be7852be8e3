import { ApiError, MAX_EDIT_IMAGES, type RandomHex } from '@grok2api/contracts';
import type { MediaStore } from '@grok2api/media-store';
import type { Logger } from '@grok2api/service-kit';
import type { ErrorRequestHandler, RequestHandler } from 'express';
import { MulterError } from 'multer';
import { createUpload, MAX_PICTURE_BYTES } from './upload.js';

const MAX_FIELDS = 30;
/** A prompt of 32,000 characters may have four bytes each. */
const MAX_FIELD_BYTES = 150_000;
const MASK = 'mask';

/** Leaves a JSON body to the next route. @throws ApiError `unsupported_media_type` for what is neither */
export const onlyMultipart: RequestHandler = (req, _res, next) => {
  const type = req.get('content-type');
  if (type !== undefined && !req.is(['multipart/form-data', 'application/json', 'application/*+json'])) {
    const expected = 'multipart/form-data or application/json';
    throw new ApiError('unsupported_media_type', { values: { type, expected } });
  }
  next(req.is('multipart/form-data') ? undefined : 'route');
};

/** Takes the pictures of an edit into the media store while they arrive. */
export function createEditUpload(parts: { media: MediaStore; randomHex: RandomHex; log: Logger }): RequestHandler {
  const { media, randomHex, log } = parts;
  return createUpload({
    media,
    randomHex,
    log,
    fieldNames: ['image', 'image[]'],
    maxFiles: MAX_EDIT_IMAGES,
    maxFileBytes: MAX_PICTURE_BYTES,
    maxFields: MAX_FIELDS,
    maxFieldBytes: MAX_FIELD_BYTES,
  });
}

/** Says of a file in the field `mask` why it is refused. */
export const refuseMask: ErrorRequestHandler = (thrown: unknown, _req, _res, next) => {
  const cause = thrown instanceof ApiError ? thrown.cause : undefined;
  const isMask = cause instanceof MulterError && cause.field === MASK;
  next(isMask ? new ApiError('mask_not_supported', { param: MASK, cause }) : thrown);
};
