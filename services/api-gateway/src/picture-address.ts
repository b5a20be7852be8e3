import { ApiError } from '@grok2api/contracts';
import { type MediaStore, type PictureType, pictureType } from '@grok2api/media-store';
import { checkPublicUrl } from '@grok2api/safe-fetch';
import type { Request } from 'express';
import type { PublicUrls } from './public-url.js';

const DATA_URL = /^data:([^;,]*)((?:;[^;,]*)*),/;
/** Enough of a picture, in base64, to tell its type. */
const HEAD_CHARACTERS = 8_000;

export interface PictureAddressDependencies {
  media: MediaStore;
  urls: PublicUrls;
  /** CIDRs of private addresses that may be fetched all the same. */
  fetchAllow: readonly string[];
}

/** What a client's address of a picture means. */
export type PictureAddress =
  /** A data URL: the picture itself. */
  | { kind: 'data'; base64: string; type: PictureType }
  /** A file of this server. */
  | { kind: 'own'; media: string }
  /** An address elsewhere that may be fetched, as far as can be told without asking DNS. */
  | { kind: 'elsewhere'; url: URL };

/**
 * Reads a client's address of a picture.
 * @param param what the client calls it @throws ApiError `invalid_image_url`, `invalid_image`
 */
export async function readPictureAddress(
  address: string,
  param: string,
  req: Request,
  { media, urls, fetchAllow }: PictureAddressDependencies,
): Promise<PictureAddress> {
  const invalid = (reason: string) => new ApiError('invalid_image_url', { param, values: { reason } });
  if (address.startsWith('data:')) {
    const head = DATA_URL.exec(address);
    if (!head?.[2]?.endsWith(';base64')) throw invalid('a data URL must be base64');
    const base64 = address.slice(head[0].length);
    const type = await pictureType(Buffer.from(base64.slice(0, HEAD_CHARACTERS), 'base64'));
    if (!type) throw new ApiError('invalid_image', { param, values: { reason: 'it is neither PNG, JPEG nor WebP' } });
    return { kind: 'data', base64, type };
  }
  const mediaId = urls.mediaIdOf(address, req);
  if (mediaId !== undefined) {
    if (!(await media.stat(mediaId))) throw invalid('this server has no such file, or no longer');
    return { kind: 'own', media: mediaId };
  }
  const checked = checkPublicUrl(address, { allow: fetchAllow });
  if (!checked.ok) throw invalid(checked.message);
  return { kind: 'elsewhere', url: checked.url };
}
