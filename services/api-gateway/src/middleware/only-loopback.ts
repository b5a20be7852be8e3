import { ApiError } from '@grok2api/contracts';
import type { RequestHandler } from 'express';
import { isLoopbackHost } from '../loopback.js';

/**
 * Protects a server, while it is open, from web pages: a page that had its name resolved to this machine shows in
 * `Host`, a page of another site in `Origin`.
 */
export function onlyLoopback(allowedOrigins: readonly string[], isOpen: () => boolean): RequestHandler {
  return (req, _res, next) => {
    if (!isOpen()) return next();
    const host = (req.get('host') ?? '').replace(/:\d+$/, '');
    if (!isLoopbackHost(host)) throw new ApiError('host_not_allowed', { values: { host } });
    const origin = req.get('origin');
    if (origin !== undefined && !allowedOrigins.includes(origin) && !isLoopbackOrigin(origin)) {
      throw new ApiError('origin_not_allowed', { values: { origin } });
    }
    next();
  };
}

function isLoopbackOrigin(origin: string): boolean {
  return URL.canParse(origin) && isLoopbackHost(new URL(origin).hostname);
}
