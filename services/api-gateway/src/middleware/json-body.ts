import { ApiError } from '@grok2api/contracts';
import type { Request, RequestHandler } from 'express';
import type { BodiesInFlight } from '../body/bodies-in-flight.js';
import { prototypeFault, structureFault } from '../body/json-structure.js';
import { readBody } from '../body/read-body.js';

const BYTES_PER_MB = 1_000_000;
const CHARSET = /;\s*charset\s*=\s*"?([^\s;"]+)/i;
/** What JSON is written in, and its subset. */
const CHARSETS = ['utf-8', 'utf8', 'us-ascii'];
const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Parses a JSON body of at most `maxMb` megabytes into `req.body`; anything else is refused, and so is what could harm
 * whoever works with it.
 */
export function jsonBody(maxMb: number, bodies: BodiesInFlight): RequestHandler {
  return async (req, res, next) => {
    requireJson(req);
    req.body = parse(await readBody(req, { maxBytes: maxMb * BYTES_PER_MB, take: bodies.open(res) }));
    next();
  };
}

function requireJson(req: Request): void {
  const type = req.get('content-type');
  if (type === undefined && !Number(req.get('content-length') ?? 0) && !req.get('transfer-encoding')) {
    throw invalid('the body is empty');
  }
  const charset = CHARSET.exec(type ?? '')?.[1]?.toLowerCase() ?? 'utf-8';
  if (!req.is(['application/json', 'application/*+json']) || !CHARSETS.includes(charset)) {
    const expected = 'application/json in UTF-8';
    throw new ApiError('unsupported_media_type', { values: { type: type ?? 'none', expected } });
  }
}

function parse(bytes: Buffer): unknown {
  if (bytes.length === 0) throw invalid('the body is empty');
  const fault = structureFault(bytes);
  if (fault !== undefined) throw new ApiError('json_not_accepted', { values: { reason: fault } });
  const value = parseText(bytes);
  const reason = prototypeFault(value);
  if (reason !== undefined) throw new ApiError('json_not_accepted', { values: { reason } });
  return value;
}

function parseText(bytes: Buffer): unknown {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch (err) {
    throw invalid(err instanceof SyntaxError ? err.message : 'it is not UTF-8', err);
  }
}

function invalid(reason: string, cause?: unknown): ApiError {
  return new ApiError('invalid_json', { values: { reason }, cause });
}
