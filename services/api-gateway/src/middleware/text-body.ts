import { ApiError } from '@grok2api/contracts';
import type { RequestHandler } from 'express';
import type { BodiesInFlight } from '../body/bodies-in-flight.js';
import { readBody } from '../body/read-body.js';

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Reads a text of at most `maxBytes` bytes in UTF-8 into `req.body`. */
export function textBody(maxBytes: number, bodies: BodiesInFlight): RequestHandler {
  return async (req, res, next) => {
    req.body = decode(await readBody(req, { maxBytes, take: bodies.open(res) }));
    next();
  };
}

function decode(bytes: Buffer): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new ApiError('malformed_request', { values: { reason: 'its body is not UTF-8' }, cause });
  }
}
