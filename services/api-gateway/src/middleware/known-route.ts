import { ApiError } from '@grok2api/contracts';
import type { RequestHandler } from 'express';
import type { KnownRoutes } from '../known-routes.js';

/** Lets requests for routes pass that there are, tells of the methods of a path, and answers all others. */
export function knownRoute(routes: KnownRoutes): RequestHandler {
  return (req, res, next) => {
    const { method, path } = req;
    const methods = routes.methodsOf(path);
    if (!methods) throw new ApiError('route_not_found', { values: { method, path } });
    if (methods.includes(method)) return next();
    const allow = [...methods, 'OPTIONS'].join(', ');
    if (method === 'OPTIONS') res.status(204).set({ allow }).end();
    else throw new ApiError('method_not_allowed', { values: { method, path, allowed: allow }, headers: { allow } });
  };
}
