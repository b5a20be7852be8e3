import { ApiError } from '@grok2api/contracts';
import type { RequestHandler } from 'express';

const HOST = /^([\w.-]+|\[[\da-f:.]+\])(:\d{1,5})?$/i;

/** Refuses requests whose host is none: it becomes part of the addresses that this server gives out. */
export const requireHost: RequestHandler = (req, _res, next) => {
  if (!HOST.test(req.host ?? '')) throw new ApiError('malformed_request', { values: { reason: 'it names no host' } });
  next();
};
