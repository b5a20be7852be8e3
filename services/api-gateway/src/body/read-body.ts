import type { Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { ApiError } from '@grok2api/contracts';
import type { Request } from 'express';

/** A body of which nothing comes for this long is given up. */
const STALLED_MS = 20_000;
const BYTES_PER_MB = 1_000_000;

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

export interface ReadBodyOptions {
  /** Of the body as it is read, after its decompression. */
  maxBytes: number;
  /** Told of the length of each piece before it is kept; refuses it by throwing. */
  take: (bytes: number) => void;
}

/**
 * Reads a whole body, decompressed. What comes of a body that is refused is thrown away.
 * @throws ApiError `unsupported_media_type` for an unknown encoding, `request_too_large`, `request_timeout` when nothing
 * comes any more, `malformed_request` for a body that is cut or cannot be decompressed; what `take` throws
 */
export function readBody(req: Request, { maxBytes, take }: ReadBodyOptions): Promise<Buffer> {
  const tooLarge = () => new ApiError('request_too_large', { values: { max_mb: Math.floor(maxBytes / BYTES_PER_MB) } });
  const { source, close } = decoded(req);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const settle = (done: () => void) => {
      clearTimeout(stalled);
      source.off('data', add);
      close();
      done();
    };
    const fail = (err: unknown) => settle(() => reject(err));
    const add = (chunk: Buffer) => {
      stalled.refresh();
      length += chunk.length;
      try {
        if (length > maxBytes) throw tooLarge();
        take(chunk.length);
        chunks.push(chunk);
      } catch (err) {
        fail(err);
      }
    };
    const stalled = setTimeout(() => fail(new ApiError('request_timeout')), STALLED_MS);
    source.on('data', add);
    source.once('end', () => settle(() => resolve(Buffer.concat(chunks, length))));
    source.once('error', (err) => fail(unreadable(err)));
    if (source !== req) req.once('error', (err) => fail(unreadable(err)));
    if (Number(req.get('content-length') ?? 0) > maxBytes) fail(tooLarge());
  });
}

/** @throws ApiError `unsupported_media_type` */
function decoded(req: Request): { source: Readable; close: () => void } {
  const encoding = (req.get('content-encoding') ?? 'identity').toLowerCase();
  if (encoding === 'identity') return { source: req, close: () => req.resume() };
  const decoder = Object.hasOwn(DECODERS, encoding) ? DECODERS[encoding]?.() : undefined;
  if (!decoder) {
    const expected = `a body in ${Object.keys(DECODERS).join(', ')} or without encoding`;
    throw new ApiError('unsupported_media_type', { values: { type: `in ${encoding}`, expected } });
  }
  const close = () => {
    req.unpipe(decoder).resume();
    decoder.destroy();
  };
  return { source: req.pipe(decoder), close };
}

function unreadable(err: Error): ApiError {
  return new ApiError('malformed_request', {
    values: { reason: `its body cannot be read: ${err.message}` },
    cause: err,
  });
}
