import cors, { type CorsOptions } from 'cors';
import type { Request, RequestHandler } from 'express';
import { isLoopbackOrigin } from '../loopback.js';

/** What pages of other origins may read of an answer, besides what the standard lets them. */
const EXPOSED = [
  'x-request-id',
  'x-task-id',
  'Location',
  'Operation-Location',
  'Retry-After',
  'x-ratelimit-limit-requests',
  'x-ratelimit-remaining-requests',
  'x-ratelimit-reset-requests',
  'Idempotent-Replayed',
];
const METHODS = ['GET', 'HEAD', 'POST', 'DELETE'];
const PREFLIGHT_MAX_AGE_S = 86_400;
const OWN_PAGES_ONLY = /^\/(admin|console)(\/|$)/i;

/**
 * Lets pages of other origins use the API, never with credentials of the browser, and never its admin part or its
 * console: with keys those of `origins` (`*`: any), without keys those that an open server answers.
 */
export function crossOrigin(origins: readonly string[], isOpen: () => boolean): RequestHandler {
  const allows = (origin: string | undefined): boolean =>
    origin !== undefined && (origins.includes(origin) || (isOpen() && isLoopbackOrigin(origin)));
  const optionsOf = (req: Request): CorsOptions => ({
    origin: origins.includes('*') && !isOpen() ? '*' : (origin, decide) => decide(null, allows(origin)),
    methods: METHODS,
    exposedHeaders: EXPOSED,
    maxAge: PREFLIGHT_MAX_AGE_S,
    // Only what a browser asks beforehand is answered here.
    preflightContinue: req.get('access-control-request-method') === undefined,
  });
  const answer = cors<Request>((req, decide) => decide(null, optionsOf(req)));
  return (req, res, next) => {
    if (OWN_PAGES_ONLY.test(req.path)) next();
    else answer(req, res, next);
  };
}
