import { ApiError } from '@grok2api/contracts';
import { type ByteRange, type MediaStat, type MediaStore, type OpenMedia, parseMediaId } from '@grok2api/media-store';
import { type Request, type Response, Router } from 'express';
import { parseByteRange } from '../byte-range.js';
import { sendStream } from '../reply/send-stream.js';

/** How long a browser may keep a file without asking whether it is still there. */
const MAX_AGE_S = 3600;
/** Pages of any site may show a file. */
const CORP = { 'cross-origin-resource-policy': 'cross-origin' };

export interface FileRoutesDependencies {
  media: MediaStore;
  /** How long a file is served, in milliseconds. */
  ttlMs: number;
  now: () => number;
}

/**
 * `GET` and `HEAD /files/{id}`, whole or a range, through this server: a file's URL is a capability that ends with
 * the file, so no key is asked and nobody is sent on to the store.
 */
export function fileRoutes({ media, ttlMs, now }: FileRoutesDependencies): Router {
  const router = Router();
  router.route('/files/:id').get(async (req, res) => {
    const id = publicMediaId(req.params.id);
    const stat = id === undefined ? undefined : await media.stat(id);
    const leftMs = stat ? stat.createdAt.getTime() + ttlMs - now() : 0;
    if (!id || !stat || leftMs <= 0) throw new ApiError('file_not_found');
    const validators = { etag: stat.etag, 'last-modified': stat.createdAt.toUTCString() };
    const cacheControl = `private, max-age=${Math.min(MAX_AGE_S, Math.floor(leftMs / 1000))}`;
    if (isUnchanged(req, stat)) {
      res
        .status(304)
        .set({ ...CORP, ...validators, 'cache-control': cacheControl })
        .end();
      return;
    }
    const headers = {
      ...CORP,
      'accept-ranges': 'bytes',
      'cache-control': cacheControl,
      'content-type': stat.contentType,
      'content-disposition': `inline; filename="${id}"`,
      'x-content-type-options': 'nosniff',
    };
    // A range is part of no other method than GET (RFC 9110, 14.2).
    if (req.method === 'HEAD') res.set({ ...headers, ...validators, 'content-length': String(stat.bytes) }).end();
    else await send(res, headers, await openWanted(media, id, wantedRange(req, stat), stat));
  });
  return router;
}

/** The media id in an address; `undefined` if there is none, or one of what services only hand to each other. */
function publicMediaId(text: string): string | undefined {
  const parsed = parseMediaId(text);
  return parsed?.internal ? undefined : parsed?.id;
}

/** Whether the client has this very file (RFC 9110, 13.2.2); what it says of caches on the way does not matter here. */
function isUnchanged(req: Request, { etag, createdAt }: MediaStat): boolean {
  const tags = req.get('if-none-match')?.split(',');
  if (tags) return tags.map((tag) => tag.trim().replace(/^W\//, '')).some((tag) => tag === '*' || tag === etag);
  const since = Date.parse(req.get('if-modified-since') ?? '');
  return Date.parse(createdAt.toUTCString()) <= since;
}

/** The part of the file that is asked for; `undefined` for the whole. */
function wantedRange(req: Request, stat: MediaStat): ByteRange | undefined {
  const header = req.get('range');
  if (header === undefined || !matchesIfRange(req, stat)) return undefined;
  const range = parseByteRange(header, stat.bytes);
  if (range === 'unsatisfiable') {
    throw new ApiError('range_not_satisfiable', { headers: { 'content-range': `bytes */${stat.bytes}` } });
  }
  return range === 'whole' ? undefined : range;
}

/** RFC 9110, 13.1.5: the very ETag, or the very time. */
function matchesIfRange(req: Request, stat: MediaStat): boolean {
  const condition = req.get('if-range');
  return condition === undefined || condition === stat.etag || condition === stat.createdAt.toUTCString();
}

interface Wanted {
  opened: OpenMedia;
  /** Whether it is the part that was asked for, rather than the whole. */
  partial: boolean;
}

/** @throws ApiError `file_not_found` when it is gone meanwhile */
async function openWanted(
  media: MediaStore,
  id: string,
  range: ByteRange | undefined,
  { etag }: MediaStat,
): Promise<Wanted> {
  const part = range && (await media.open(id, range));
  if (part?.etag === etag) return { opened: part, partial: true };
  // Replaced in between: a part of the new file must not be taken for one of the old.
  part?.stream.destroy();
  const opened = await media.open(id);
  if (!opened) throw new ApiError('file_not_found');
  return { opened, partial: false };
}

async function send(res: Response, headers: Record<string, string>, { opened, partial }: Wanted): Promise<void> {
  const { stream, range, bytes, etag, createdAt } = opened;
  res.set({
    ...headers,
    etag,
    'last-modified': createdAt.toUTCString(),
    'content-length': String(range.end - range.start + 1),
  });
  if (partial) res.status(206).set('content-range', `bytes ${range.start}-${range.end}/${bytes}`);
  await sendStream(res, stream);
}
