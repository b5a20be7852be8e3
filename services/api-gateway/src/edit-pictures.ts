import { ApiError, checkEditImages, type PictureSource } from '@grok2api/contracts';
import { inspectUpload, PictureError } from '@grok2api/pictures/inspect';
import type { Logger } from '@grok2api/service-kit';
import type { Request, Response } from 'express';
import { type PictureSourceDependencies, resolvePicture } from './picture-source.js';
import { uploadedPictures } from './upload.js';

export interface EditPicturesDependencies extends PictureSourceDependencies {
  log: Logger;
}

/**
 * Finds the pictures of an edit at their addresses, does something with them, and removes those that were stored only
 * for that.
 * @param param what the client calls them @throws ApiError for addresses that cannot be used; what `work` throws
 */
export async function withPictures(
  addresses: readonly string[],
  param: string,
  req: Request,
  res: Response,
  dependencies: EditPicturesDependencies,
  work: (pictures: PictureSource[]) => Promise<void>,
): Promise<void> {
  const stored: string[] = [];
  try {
    const pictures: PictureSource[] = [];
    for (const address of checkEditImages(addresses, param)) {
      pictures.push(await resolvePicture(address, param, req, dependencies, (id) => stored.push(id)));
    }
    await work(pictures);
  } finally {
    await remove(stored, res, dependencies);
  }
}

/**
 * Does something with the pictures that came with an edit, and removes them.
 * @throws ApiError `invalid_image` for what can be told without decoding; what `work` throws
 */
export async function withUploads(
  req: Request,
  res: Response,
  dependencies: EditPicturesDependencies,
  work: (pictures: PictureSource[]) => Promise<void>,
): Promise<void> {
  const uploads = uploadedPictures(req).map(({ mediaId }) => mediaId);
  try {
    for (const [index, mediaId] of uploads.entries()) await judge(mediaId, index, dependencies);
    await work(uploads.map((media) => ({ media })));
  } finally {
    await remove(uploads, res, dependencies);
  }
}

// The image service decodes them, one request after the other: what is surely no good does not get there.
async function judge(mediaId: string, index: number, { media }: EditPicturesDependencies): Promise<void> {
  try {
    await inspectUpload(media, mediaId);
  } catch (err) {
    if (!(err instanceof PictureError)) throw err;
    const reason = `image ${index + 1}: ${err.message}`;
    throw new ApiError('invalid_image', { param: 'image', values: { reason }, cause: err });
  }
}

/** A failure is logged: the sweep removes them later. */
async function remove(
  mediaIds: readonly string[],
  res: Response,
  { media, log }: EditPicturesDependencies,
): Promise<void> {
  await Promise.all(mediaIds.map((id) => media.delete(id))).catch((err: unknown) => {
    log.warn({ err, request_id: res.locals.requestId }, 'pictures of an edit are left to the sweep');
  });
}
