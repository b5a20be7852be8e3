import type { Metrics } from '@grok2api/service-kit';
import type { TaskStore } from '@grok2api/task-store';
import { type RequestHandler, Router } from 'express';
import { taskCounts } from '../task-counts.js';

export interface MetricsDependencies {
  metrics: Metrics;
  tasks: TaskStore['tasks'];
  requireKey: RequestHandler;
  now: () => number;
}

/** `GET /metrics` in Prometheus' text format: this gateway's, as on its ops port, and the counts of all tasks. */
export function metricsRoutes({ metrics, tasks, requireKey, now }: MetricsDependencies): Router {
  const counts = taskCounts(tasks, now);
  const router = Router();
  router.get('/metrics', requireKey, async (_req, res) => {
    res.set('content-type', metrics.contentType).send((await metrics.text()) + (await counts.text()));
  });
  return router;
}
