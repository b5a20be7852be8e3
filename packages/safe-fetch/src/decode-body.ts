import type { Duplex } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { BadResponseError } from './errors.js';

const DECODERS: Readonly<Record<string, () => Duplex>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/**
 * What undoes a content coding (RFC 9110, section 8.4), piece by piece as it is read; undefined where there is none.
 * No compression is asked for, but some servers compress all the same.
 * @throws BadResponseError for another coding, or for several
 */
export function decoderOf(contentEncoding: string | string[] | undefined): Duplex | undefined {
  const coding = String(contentEncoding ?? 'identity')
    .trim()
    .toLowerCase();
  if (coding === 'identity') return undefined;
  const create = Object.hasOwn(DECODERS, coding) ? DECODERS[coding] : undefined;
  if (!create) throw new BadResponseError('the answer is compressed in a way that is not accepted');
  return create();
}
