import { ApiError } from '@grok2api/contracts';
import express, { type RequestHandler } from 'express';

/** Parses a JSON body of at most `maxMb` megabytes; anything else is refused. */
export function jsonBody(maxMb: number): RequestHandler[] {
  const requireJson: RequestHandler = (req, _res, next) => {
    const type = req.get('content-type');
    if (type === undefined && !Number(req.get('content-length') ?? 0) && !req.get('transfer-encoding')) {
      throw new ApiError('invalid_json', { values: { reason: 'the body is empty' } });
    }
    if (!req.is(['application/json', 'application/*+json'])) {
      throw new ApiError('unsupported_media_type', { values: { type: type ?? 'none', expected: 'application/json' } });
    }
    next();
  };
  return [requireJson, express.json({ limit: maxMb * 1_000_000, type: () => true })];
}
