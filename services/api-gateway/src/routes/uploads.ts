import { ApiError, type RandomHex } from '@grok2api/contracts';
import { type MediaStore, parseMediaId } from '@grok2api/media-store';
import { type RequestHandler, Router } from 'express';
import multer from 'multer';
import { methodNotAllowed } from '../middleware/errors.js';
import type { PublicUrls } from '../public-url.js';
import { UploadStorage } from '../upload-storage.js';

const MAX_FILE_BYTES = 50 * 1024 * 1024;
const MAX_NAME_LENGTH = 200;

export interface UploadRoutesDependencies {
  media: MediaStore;
  urls: PublicUrls;
  randomHex: RandomHex;
  requireKey: RequestHandler;
}

/** `POST /video/upload`: a picture for a video's first frame, streamed into the media store. */
export function uploadRoutes({ media, urls, randomHex, requireKey }: UploadRoutesDependencies): Router {
  const upload = multer({
    storage: new UploadStorage(media, randomHex, MAX_FILE_BYTES),
    // Clients send file names as UTF-8, although the standard's default is Latin-1.
    defParamCharset: 'utf8',
    limits: {
      fileSize: MAX_FILE_BYTES,
      files: 1,
      fields: 10,
      parts: 11,
      fieldNameSize: 100,
      fieldSize: 10_000,
      headerPairs: 20,
    },
  });
  const requireMultipart: RequestHandler = (req, _res, next) => {
    if (req.is('multipart/form-data')) return next();
    const type = req.get('content-type') ?? 'none';
    throw new ApiError('unsupported_media_type', { values: { type, expected: 'multipart/form-data' } });
  };

  const router = Router();
  router
    .route('/video/upload')
    .post(requireKey, requireMultipart, upload.single('file'), (req, res) => {
      if (!req.file) throw new ApiError('missing_file', { param: 'file' });
      const mediaId = req.file.filename;
      const hex = parseMediaId(mediaId)?.hex ?? '';
      res.json({
        file_id: `file_${hex}`,
        file_uri: `uploads/${hex}/${plainName(req.file.originalname)}`,
        image_url: urls.fileUrl(urls.originOf(req), mediaId),
      });
    })
    .all(methodNotAllowed('POST'));
  return router;
}

/** The last part of a client's file name, without what could mean something in a path. */
function plainName(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? '';
  return last.replace(/[^\p{L}\p{N}._-]/gu, '_').slice(-MAX_NAME_LENGTH) || 'file';
}
