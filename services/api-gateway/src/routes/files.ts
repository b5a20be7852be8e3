import { pipeline } from 'node:stream/promises';
import { ApiError } from '@grok2api/contracts';
import { type ByteRange, type MediaStat, type MediaStore, parseMediaId } from '@grok2api/media-store';
import { type Request, type Response, Router } from 'express';
import parseRange from 'range-parser';
import { methodNotAllowed } from '../middleware/errors.js';

export interface FileRoutesDependencies {
  media: MediaStore;
  /** How long a file is served, in milliseconds. */
  ttlMs: number;
  now: () => number;
}

/** `GET` and `HEAD /files/{id}`, whole or a range. A file's URL is a capability: no key is asked. */
export function fileRoutes({ media, ttlMs, now }: FileRoutesDependencies): Router {
  const router = Router();
  router
    .route('/files/:id')
    .get(async (req, res) => {
      const id = publicMediaId(req.params.id);
      const stat = id === undefined ? undefined : await media.stat(id);
      if (!id || !stat || stat.createdAt.getTime() + ttlMs < now()) throw new ApiError('file_not_found');
      setHeaders(res, id, stat);
      if (isFresh(req, stat)) {
        res.status(304).end();
        return;
      }
      const range = wantedRange(req, stat);
      res.set('content-length', String(range ? range.end - range.start + 1 : stat.bytes));
      if (range) res.status(206).set('content-range', `bytes ${range.start}-${range.end}/${stat.bytes}`);
      if (req.method === 'HEAD') {
        res.end();
        return;
      }
      await send(res, media, id, range);
    })
    .all(methodNotAllowed('GET, HEAD'));
  return router;
}

/** The media id in an address; `undefined` if there is none, or one of what services only hand to each other. */
function publicMediaId(text: string): string | undefined {
  const parsed = parseMediaId(text);
  return parsed?.kind === 'request' ? undefined : parsed?.id;
}

function setHeaders(res: Response, id: string, stat: MediaStat): void {
  res.set({
    'content-type': stat.contentType,
    'accept-ranges': 'bytes',
    etag: stat.etag,
    'last-modified': stat.createdAt.toUTCString(),
    'cache-control': 'private, max-age=3600',
    'content-disposition': `inline; filename="${id}"`,
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'cross-origin',
  });
}

function isFresh(req: Request, stat: MediaStat): boolean {
  const tags = req
    .get('if-none-match')
    ?.split(',')
    .map((tag) => tag.trim().replace(/^W\//, ''));
  return tags !== undefined && (tags.includes('*') || tags.includes(stat.etag));
}

/** The one range that is asked for; the whole file for several ranges, another unit or another `If-Range`. */
function wantedRange(req: Request, stat: MediaStat): ByteRange | undefined {
  const header = req.get('range');
  const condition = req.get('if-range');
  if (header === undefined || (condition !== undefined && condition !== stat.etag)) return undefined;
  const ranges = parseRange(stat.bytes, header);
  if (ranges === -1) {
    throw new ApiError('range_not_satisfiable', { headers: { 'content-range': `bytes */${stat.bytes}` } });
  }
  return ranges !== -2 && ranges.type === 'bytes' && ranges.length === 1 ? ranges[0] : undefined;
}

async function send(res: Response, media: MediaStore, id: string, range: ByteRange | undefined): Promise<void> {
  const opened = await media.open(id, range);
  if (!opened) throw new ApiError('file_not_found');
  try {
    await pipeline(opened.stream, res);
  } catch (err) {
    // A client that leaves in the middle is nothing to report.
    if (!res.destroyed) throw err;
  }
}
