import { ApiError } from '@grok2api/contracts';
import type { RequestHandler } from 'express';

const HOST = /^([\w.-]+|\[[\da-f:.]+\])(:\d{1,5})?$/i;

/**
 * Refuses requests whose host is none: it becomes part of the addresses that this server gives out. Health checks of the
 * oldest kind, which read and name none, pass.
 */
export const requireHost: RequestHandler = (req, _res, next) => {
  const { host, httpVersion, method } = req;
  if (host === undefined && httpVersion === '1.0' && method === 'GET') return next();
  if (!HOST.test(host ?? '')) throw new ApiError('malformed_request', { values: { reason: 'it names no host' } });
  next();
};
