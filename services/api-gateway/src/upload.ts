import { ApiError, type RandomHex } from '@grok2api/contracts';
import type { MediaStore } from '@grok2api/media-store';
import type { Logger } from '@grok2api/service-kit';
import type { Request, RequestHandler, Response } from 'express';
import multer, { MulterError } from 'multer';
import { UploadStorage, UploadStorageError } from './upload-storage.js';

const BYTES_PER_MB = 1024 * 1024;
/** As the document says. */
export const MAX_PICTURE_BYTES = 50 * BYTES_PER_MB;
const MAX_FIELD_NAME_BYTES = 100;
const MAX_PART_HEADERS = 20;

export interface UploadOptions {
  media: MediaStore;
  randomHex: RandomHex;
  log: Logger;
  /** The fields that files may come in; errors name the first one. */
  fieldNames: readonly [string, ...string[]];
  maxFiles: number;
  maxFileBytes: number;
  /** Fields that hold no file. */
  maxFields: number;
  maxFieldBytes: number;
}

/** A picture that came with a request and is in the media store. */
export interface UploadedPicture {
  mediaId: string;
  bytes: number;
  /** As the client named it, with whatever path and characters. */
  originalName: string;
}

/**
 * Takes the pictures of a multipart body into the media store while they arrive, at least one; the other fields are in
 * `req.body` then. When the body is refused, or the request is answered with 4xx by whoever comes next, the pictures are
 * removed again. Where more may have begun than the answer says (5xx) they are left to the sweep.
 * @returns a middleware that fails with ApiError `unsupported_media_type`, `missing_file`, `invalid_image`,
 * `file_too_large`, `too_many_files` or `invalid_multipart`, or with what the media store fails with
 */
export function createUpload(options: UploadOptions): RequestHandler {
  const { media, randomHex, fieldNames, maxFiles, maxFileBytes, maxFields, maxFieldBytes } = options;
  const receive = multer({
    storage: new UploadStorage(media, randomHex, maxFileBytes),
    fileFilter: (_req, { fieldname }, accept) => {
      if (fieldNames.includes(fieldname)) accept(null, true);
      else accept(new MulterError('LIMIT_UNEXPECTED_FILE', fieldname));
    },
    // Clients send file names as UTF-8, although the standard's default is Latin-1.
    defParamCharset: 'utf8',
    // A name of nothing but a path would count as no file; nothing is stored under a client's name anyway.
    preservePath: true,
    limits: {
      fileSize: maxFileBytes,
      files: maxFiles,
      fields: maxFields,
      parts: maxFiles + maxFields,
      fieldNameSize: MAX_FIELD_NAME_BYTES,
      fieldSize: maxFieldBytes,
      fieldNestingDepth: 1,
      headerPairs: MAX_PART_HEADERS,
    },
  }).any();

  return (req, res, next) => {
    if (!req.is('multipart/form-data')) {
      const type = req.get('content-type') ?? 'none';
      throw new ApiError('unsupported_media_type', { values: { type, expected: 'multipart/form-data' } });
    }
    receive(req, res, (err: unknown) => {
      if (err) return next(toApiError(err, options));
      const pictures = uploadedPictures(req);
      if (pictures.length === 0) return next(new ApiError('missing_file', { param: fieldNames[0] }));
      removeIfRefused(res, pictures, options);
      next();
    });
  };
}

/** The pictures that `createUpload` has taken from a request, in the order they came. */
export function uploadedPictures(req: Request): UploadedPicture[] {
  if (!Array.isArray(req.files)) return [];
  return req.files.map(({ filename, size, originalname }) => ({
    mediaId: filename,
    bytes: size,
    originalName: originalname,
  }));
}

function removeIfRefused(res: Response, pictures: UploadedPicture[], { media, log }: UploadOptions): void {
  res.once('finish', () => {
    if (res.statusCode < 400 || res.statusCode >= 500) return;
    Promise.all(pictures.map(({ mediaId }) => media.delete(mediaId))).catch((err: unknown) => {
      log.warn({ err, request_id: res.locals.requestId }, 'uploads of a refused request are left to the sweep');
    });
  });
}

function toApiError(err: unknown, { fieldNames: [param], maxFiles, maxFileBytes }: UploadOptions): unknown {
  if (err instanceof ApiError) return err;
  if (err instanceof UploadStorageError) return err.cause;
  const code = err instanceof MulterError ? err.code : undefined;
  switch (code) {
    case 'LIMIT_FILE_SIZE':
      return new ApiError('file_too_large', { param, values: { max_mb: maxFileBytes / BYTES_PER_MB }, cause: err });
    case 'LIMIT_FILE_COUNT':
      return new ApiError('too_many_files', { param, values: { max: maxFiles }, cause: err });
    case 'LIMIT_UNEXPECTED_FILE':
      return new ApiError('missing_file', { param, cause: err });
    default: {
      // What the parser says of a body that is cut or malformed is safe to tell.
      const reason = err instanceof Error ? err.message : String(err);
      return new ApiError('invalid_multipart', { values: { reason }, cause: err });
    }
  }
}
