import { checkEditImages, type PictureSource } from '@grok2api/contracts';
import type { Logger } from '@grok2api/service-kit';
import type { Request, Response } from 'express';
import { type PictureSourceDependencies, resolvePicture } from './picture-source.js';

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
    await removePictures(stored, res, dependencies);
  }
}

/** Removes pictures that nobody needs any more. A failure is logged: the sweep removes them later. */
export async function removePictures(
  mediaIds: readonly string[],
  res: Response,
  { media, log }: Pick<EditPicturesDependencies, 'media' | 'log'>,
): Promise<void> {
  await Promise.all(mediaIds.map((id) => media.delete(id))).catch((err: unknown) => {
    log.warn({ err, request_id: res.locals.requestId }, 'pictures of an edit are left to the sweep');
  });
}
