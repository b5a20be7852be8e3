import type { Bus } from '@grok2api/bus';
import { monthSoFar, parseUsageQuery, queryUsage, toUsd, usageBody } from '@grok2api/contracts';
import { type RequestHandler, type Response, Router } from 'express';
import { methodNotAllowed } from '../middleware/errors.js';
import { askTokenPool } from '../token-pool.js';

export interface UsageRoutesDependencies {
  bus: Bus;
  requireKey: RequestHandler;
  now: () => number;
}

/** `GET /usage`: what the client key has used, some seconds ago, and what is left of its budget. */
export function usageRoutes({ bus, requireKey, now }: UsageRoutesDependencies): Router {
  const router = Router();
  router
    .route('/usage')
    .get(requireKey, async (req, res) => {
      const query = parseUsageQuery(req.query, res.locals.identity.owner, now());
      const [{ rows, total }, budget] = await Promise.all([askTokenPool(bus, queryUsage, query, res), budgetOf(res)]);
      res.json({
        object: 'usage',
        from: query.from,
        to: query.to,
        data: rows.map(usageBody),
        total: usageBody(total),
        budget,
      });
    })
    .all(methodNotAllowed('GET'));

  async function budgetOf(res: Response) {
    const { owner, key } = res.locals.identity;
    if (key?.monthlyBudgetTicks === undefined) return null;
    const { from, to } = monthSoFar(now());
    const query = { from, to, owner, group_by: [], limit: 1, offset: 0 };
    const { total } = await askTokenPool(bus, queryUsage, query, res);
    const next = new Date(from);
    next.setUTCMonth(next.getUTCMonth() + 1);
    return {
      monthly_usd: toUsd(key.monthlyBudgetTicks),
      used_usd: toUsd(total.cost_ticks),
      remaining_usd: toUsd(Math.max(0, key.monthlyBudgetTicks - total.cost_ticks)),
      resets_at: next.toISOString(),
    };
  }

  return router;
}
