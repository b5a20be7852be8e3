import type { Bus } from '@grok2api/bus';
import { ApiError } from '@grok2api/contracts';
import type { Callbacks } from '@grok2api/task-store';
import { type ErrorRequestHandler, type RequestHandler, Router } from 'express';
import type { BodiesInFlight } from '../../body/bodies-in-flight.js';
import type { ClientKeyFeed } from '../../client-keys/client-key-feed.js';
import { requireAdminKey } from '../../middleware/admin-key.js';
import type { KeyGuesses } from '../../middleware/key-guesses.js';
import type { SystemWatch } from '../../overview/system-watch.js';
import { adminCallbackRoutes } from './callbacks.js';
import { adminClientKeyRoutes } from './client-keys.js';
import { adminCredentialRoutes } from './credentials.js';
import { adminImportRoutes } from './import-credentials.js';
import { adminOverviewRoutes } from './overview.js';
import { adminUsageRoutes } from './usage.js';

export interface AdminRoutesDependencies {
  adminKey: string;
  guesses: KeyGuesses;
  bus: Bus;
  keys: ClientKeyFeed;
  callbacks: Callbacks;
  watch: SystemWatch;
  /** Middleware that parses a JSON body. */
  json: RequestHandler[];
  bodiesInFlight: BodiesInFlight;
  now: () => number;
}

/** The admin API: credentials, client keys, usage, callbacks. Never for web pages of other origins. */
export function adminRoutes(dependencies: AdminRoutesDependencies): Router {
  const router = Router();
  router.use(requireAdminKey(dependencies.adminKey, dependencies.guesses), keepNothing);
  router.use(
    adminImportRoutes(dependencies),
    adminCredentialRoutes(dependencies),
    adminClientKeyRoutes(dependencies),
    adminUsageRoutes(dependencies),
    adminOverviewRoutes(dependencies),
    adminCallbackRoutes(dependencies),
  );
  router.use(hideBody);
  return router;
}

/** No cache keeps a reply, and no reply is kept for a repetition of its request: it may tell of a secret. */
const keepNothing: RequestHandler = (req, res, next) => {
  res.set('cache-control', 'no-store');
  if (req.get('idempotency-key') !== undefined) throw new ApiError('idempotency_not_supported');
  next();
};

/** A JSON parser's message repeats a piece of the text, which may be of a secret. */
const hideBody: ErrorRequestHandler = (thrown: unknown, _req, _res, next) => {
  const isParseFailure = thrown instanceof ApiError && thrown.code === 'invalid_json';
  next(isParseFailure ? new ApiError('invalid_json', { values: { reason: 'it cannot be parsed' } }) : thrown);
};
