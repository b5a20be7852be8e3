import type { Bus } from '@grok2api/bus';
import { parseAdminUsageQuery, queryUsage, usageBody } from '@grok2api/contracts';
import { Router } from 'express';
import { methodNotAllowed } from '../../middleware/errors.js';
import { askTokenPool } from '../../token-pool.js';

export interface AdminUsageRoutesDependencies {
  bus: Bus;
  now: () => number;
}

/** `GET /usage`: what was used, by day, model, credential and client key. */
export function adminUsageRoutes({ bus, now }: AdminUsageRoutesDependencies): Router {
  const router = Router();
  router
    .route('/usage')
    .get(async (req, res) => {
      const query = parseAdminUsageQuery(req.query, now());
      const { rows, total, has_more } = await askTokenPool(bus, queryUsage, query, res);
      res.json({
        object: 'usage',
        from: query.from,
        to: query.to,
        data: rows.map(usageBody),
        total: usageBody(total),
        next_offset: has_more ? query.offset + rows.length : null,
      });
    })
    .all(methodNotAllowed('GET'));
  return router;
}
