import { Readable } from 'node:stream';
import { ApiError, type RandomHex, type VideoParams } from '@grok2api/contracts';
import { type MediaStore, pictureType } from '@grok2api/media-store';
import { checkPublicUrl } from '@grok2api/safe-fetch';
import type { Request } from 'express';
import type { PublicUrls } from './public-url.js';

const DATA_URL = /^data:([^;,]*)((?:;[^;,]*)*),/;

export interface FirstFrameDependencies {
  media: MediaStore;
  urls: PublicUrls;
  /** CIDRs of private addresses that may be fetched all the same. */
  fetchAllow: readonly string[];
  randomHex: RandomHex;
}

/**
 * What an `image_url` means: a file of this server (an upload, or a data URL, which is stored as one), or an
 * address that the worker fetches. @throws ApiError `invalid_image_url`, `invalid_image`
 */
export async function resolveFirstFrame(
  imageUrl: string,
  req: Request,
  dependencies: FirstFrameDependencies,
): Promise<NonNullable<VideoParams['image']>> {
  if (imageUrl.startsWith('data:')) return { media: await storeDataUrl(imageUrl, dependencies) };
  const { media, urls, fetchAllow } = dependencies;
  const mediaId = urls.mediaIdOf(imageUrl, req);
  if (mediaId !== undefined) {
    if (!(await media.stat(mediaId))) throw invalidUrl('this server has no such file, or no longer');
    return { media: mediaId };
  }
  const checked = checkPublicUrl(imageUrl, { allow: fetchAllow });
  if (!checked.ok) throw invalidUrl(checked.message);
  return { url: imageUrl };
}

async function storeDataUrl(url: string, { media, randomHex }: FirstFrameDependencies): Promise<string> {
  const head = DATA_URL.exec(url);
  if (!head?.[2]?.endsWith(';base64')) throw invalidUrl('a data URL must be base64');
  const bytes = Buffer.from(url.slice(head[0].length), 'base64');
  const type = await pictureType(bytes);
  if (!type)
    throw new ApiError('invalid_image', { param: 'image_url', values: { reason: 'it is neither PNG, JPEG nor WebP' } });
  const id = `file_${randomHex()}.${type}`;
  await media.put(id, Readable.from([bytes]), { maxBytes: bytes.length });
  return id;
}

function invalidUrl(reason: string): ApiError {
  return new ApiError('invalid_image_url', { param: 'image_url', values: { reason } });
}
