import type { Bus } from '@grok2api/bus';
import type { Readiness } from '@grok2api/service-kit';
import type { TaskStore } from '@grok2api/task-store';
import { Router } from 'express';

const ANSWER_TIMEOUT_MS = 1_000;
/** Health is asked often and by anybody: one look serves all for this long. */
const LOOK_MS = 1_000;

export interface HealthDependencies {
  bus: Bus;
  tasks: TaskStore['tasks'];
  /** Services that have to answer for the system to be healthy. */
  expectedServices: readonly string[];
  readiness: Readiness;
  now: () => number;
}

interface Look {
  at: number;
  parts: Promise<Record<string, boolean>>;
}

/** `/health`: which parts answer. `/healthz`: this process lives. `/readyz`: it can take requests. No key is asked. */
export function healthRoutes({ bus, tasks, expectedServices, readiness, now }: HealthDependencies): Router {
  let last: Look | undefined;

  const look = async (): Promise<Record<string, boolean>> => {
    const checks: [string, Promise<boolean>][] = [
      ['nats', Promise.resolve(bus.connected)],
      ['postgres', tasks.ping()],
      ...expectedServices.map((name): [string, Promise<boolean>] => [name, bus.answers(name, ANSWER_TIMEOUT_MS)]),
    ];
    return Object.fromEntries(await Promise.all(checks.map(async ([name, up]) => [name, await up])));
  };

  const router = Router();
  router.get('/health', async (_req, res) => {
    if (!last || now() - last.at > LOOK_MS) last = { at: now(), parts: look() };
    const parts = await last.parts;
    const healthy = Object.values(parts).every(Boolean);
    const services = Object.fromEntries(Object.entries(parts).map(([name, up]) => [name, up ? 'ok' : 'down']));
    res.status(healthy ? 200 : 503).json({ status: healthy ? 'ok' : 'degraded', services });
  });
  router.get('/healthz', (_req, res) => {
    res.json({ status: 'ok' });
  });
  router.get('/readyz', (_req, res) => {
    const ready = readiness.missing.length === 0;
    res.status(ready ? 200 : 503).json({ status: ready ? 'ok' : 'not ready' });
  });
  return router;
}
