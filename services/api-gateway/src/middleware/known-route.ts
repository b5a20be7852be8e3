import { ApiError } from '@grok2api/contracts';
import type { RequestHandler } from 'express';
import type { KnownRoutes } from '../known-routes.js';

/**
 * Lets requests for routes pass that there are, tells of the methods of a path, and answers all others.
 * @param refuseWrongKey comes before the routes that ask for no key
 */
export function knownRoute(routes: KnownRoutes, refuseWrongKey: RequestHandler): RequestHandler {
  return (req, res, next) => {
    const { method, path } = req;
    const known = routes.find(path);
    if (!known) throw new ApiError('route_not_found', { values: { method, path } });
    res.locals.knownPath = known;
    if (known.methods.includes(method)) return known.isPublic ? refuseWrongKey(req, res, next) : next();
    const allow = [...known.methods, 'OPTIONS'].join(', ');
    if (method === 'OPTIONS') res.status(204).set({ allow }).end();
    else throw new ApiError('method_not_allowed', { values: { method, path, allowed: allow }, headers: { allow } });
  };
}
