import { Readable } from 'node:stream';
import type { RandomHex, VideoParams } from '@grok2api/contracts';
import type { Request } from 'express';
import { type PictureAddressDependencies, readPictureAddress } from './picture-address.js';

export interface FirstFrameDependencies extends PictureAddressDependencies {
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
  const picture = await readPictureAddress(imageUrl, 'image_url', req, dependencies);
  switch (picture.kind) {
    case 'own':
      return { media: picture.media };
    case 'elsewhere':
      return { url: imageUrl };
    case 'data': {
      const { media, randomHex } = dependencies;
      const bytes = Buffer.from(picture.base64, 'base64');
      const id = `file_${randomHex()}.${picture.type}`;
      await media.put(id, Readable.from([bytes]), { maxBytes: bytes.length });
      return { media: id };
    }
  }
}
