import { Readable } from 'node:stream';
import type { PictureSource, RandomHex } from '@grok2api/contracts';
import type { Request } from 'express';
import { type PictureAddressDependencies, readPictureAddress } from './picture-address.js';

export interface PictureSourceDependencies extends PictureAddressDependencies {
  randomHex: RandomHex;
}

/**
 * Where a service finds the picture that a client's address means: a file of this server stays where it is, a data URL
 * is stored as one.
 * @param param what the client calls it @param onStored told the media id of what was stored
 * @throws ApiError `invalid_image_url`, `invalid_image`
 */
export async function resolvePicture(
  address: string,
  param: string,
  req: Request,
  dependencies: PictureSourceDependencies,
  onStored: (mediaId: string) => void = () => {},
): Promise<PictureSource> {
  const picture = await readPictureAddress(address, param, req, dependencies);
  switch (picture.kind) {
    case 'own':
      return { media: picture.media };
    case 'elsewhere':
      return { url: address };
    case 'data': {
      const { media, randomHex } = dependencies;
      const bytes = Buffer.from(picture.base64, 'base64');
      const id = `file_${randomHex()}.${picture.type}`;
      await media.put(id, Readable.from([bytes]), { maxBytes: bytes.length });
      onStored(id);
      return { media: id };
    }
  }
}
