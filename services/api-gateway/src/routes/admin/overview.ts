import { Router } from 'express';
import type { SystemWatch } from '../../overview/system-watch.js';

export interface AdminOverviewRoutesDependencies {
  watch: SystemWatch;
}

/** `GET /overview`: every process, and the last hour in numbers, as this gateway has seen them. */
export function adminOverviewRoutes({ watch }: AdminOverviewRoutesDependencies): Router {
  const router = Router();
  router.route('/overview').get((_req, res) => {
    res.json({ processes: watch.processes(), points: watch.points() });
  });
  return router;
}
