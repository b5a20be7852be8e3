import type { Bus } from '@grok2api/bus';
import { TASK_KINDS, TASK_STATES } from '@grok2api/contracts';
import type { Metrics } from '@grok2api/service-kit';
import type { TaskStore } from '@grok2api/task-store';
import { type RequestHandler, Router } from 'express';
import { Counter, Gauge } from 'prom-client';
import type { TaskFeed } from '../task-feed.js';

/** Counting all tasks costs the database something: one count serves every scrape for this long. */
const COUNT_MS = 10_000;

export interface MetricsDependencies {
  bus: Bus;
  metrics: Metrics;
  tasks: TaskStore['tasks'];
  feed: TaskFeed;
  requireKey: RequestHandler;
  now: () => number;
}

/** `GET /metrics` in Prometheus' text format. */
export function metricsRoutes({ bus, metrics, tasks, feed, requireKey, now }: MetricsDependencies): Router {
  let counted = Number.NEGATIVE_INFINITY;
  const givenUp = new Gauge({
    name: 'grok2api_tasks_given_up',
    help: 'Tasks that failed because their workers died again and again.',
    registers: [metrics],
  });
  new Gauge({
    name: 'grok2api_tasks',
    help: 'Tasks by kind and state, deleted ones left out.',
    labelNames: ['kind', 'state'],
    registers: [metrics],
    async collect() {
      if (now() - counted < COUNT_MS) return;
      const [counts, lost] = await Promise.all([tasks.countByState(), tasks.countFailed('worker_lost')]);
      for (const kind of TASK_KINDS) for (const state of TASK_STATES) this.set({ kind, state }, 0);
      for (const { kind, state, count } of counts) this.set({ kind, state }, count);
      givenUp.set(lost);
      counted = now();
    },
  });
  new Gauge({
    name: 'grok2api_sse_readers',
    help: 'Readers of task streams on this gateway.',
    registers: [metrics],
    collect() {
      this.set(feed.readers);
    },
  });

  new Counter({
    name: 'grok2api_bus_malformed_messages_total',
    help: 'Messages on the bus that were dropped because they were malformed.',
    registers: [metrics],
    collect() {
      this.reset();
      this.inc(bus.malformed);
    },
  });

  const router = Router();
  router.get('/metrics', requireKey, async (_req, res) => {
    res.set('content-type', metrics.contentType).send(await metrics.metrics());
  });
  return router;
}
