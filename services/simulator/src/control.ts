import express, { type NextFunction, type Request, type Response, Router } from 'express';
import { ZodError, z } from 'zod';
import type { Concurrency } from './concurrency.js';
import { faultRuleSchema } from './faults/fault-rule.js';
import type { FaultRules } from './faults/fault-rules.js';
import type { RequestLog } from './request-log.js';
import { doneAt, type Job } from './videos/job.js';
import type { JobStore } from './videos/job-store.js';
import { shortKeyHash } from './wire/key-hash.js';

const logQuery = z.object({ path: z.string().optional(), method: z.string().toUpperCase().optional() });

/** What the control routes show and change. */
export interface ControlParts {
  requestLog: RequestLog;
  faults: FaultRules;
  concurrency: Concurrency;
  jobs: JobStore;
  now: () => number;
}

/**
 * The routes by which tests look into the simulator and make it fail. They take no key and are never logged:
 * `GET` and `DELETE /log`, `GET /jobs`, `GET` and `DELETE /concurrency`, `GET`, `POST` and `DELETE /faults`,
 * `DELETE /faults/{id}`, `GET /health`.
 */
export function controlRouter({ requestLog, faults, concurrency, jobs, now }: ControlParts): Router {
  const router = Router();
  router.use(express.json({ limit: '1mb' }));

  router.get('/health', (_request, response) => {
    response.json({ status: 'ok' });
  });

  router.get('/log', (request, response) => {
    response.json({ requests: requestLog.list(logQuery.parse(request.query)) });
  });
  router.delete('/log', (_request, response) => {
    requestLog.clear();
    response.sendStatus(204);
  });

  router.get('/jobs', (_request, response) => {
    response.json({ jobs: jobs.all().map((job) => describeJob(job, jobs.pollsOf(job), now())) });
  });

  router.get('/concurrency', (_request, response) => {
    response.json({ keys: concurrency.list() });
  });
  router.delete('/concurrency', (_request, response) => {
    concurrency.reset();
    response.sendStatus(204);
  });

  router.get('/faults', (_request, response) => {
    response.json({ faults: faults.list() });
  });
  router.post('/faults', (request, response) => {
    const id = faults.add(faultRuleSchema.parse(request.body));
    if (id === undefined) response.status(409).json({ error: 'there are too many faults, delete some' });
    else response.json({ id });
  });
  router.delete('/faults', (_request, response) => {
    faults.clear();
    response.sendStatus(204);
  });
  router.delete('/faults/:id', (request, response) => {
    if (faults.remove(request.params.id)) response.sendStatus(204);
    else response.status(404).json({ error: 'no such fault' });
  });

  router.use((request, response) => {
    response.status(404).json({ error: `no control route ${request.method} ${request.path}` });
  });
  router.use((err: unknown, _request: Request, response: Response, next: NextFunction) => {
    if (err instanceof ZodError) response.status(400).json({ error: z.prettifyError(err) });
    else next(err);
  });
  return router;
}

function describeJob(job: Job, polls: number, now: number) {
  const { request_id, prompt, model, duration, aspect_ratio, resolution, has_image } = job;
  const done = doneAt(job);
  return {
    request_id,
    key_hash: shortKeyHash(job.key_sha256),
    prompt,
    model,
    duration,
    aspect_ratio,
    resolution,
    has_image,
    created_at: new Date(job.created_at).toISOString(),
    polls,
    done_at: done !== null && done <= now ? new Date(done).toISOString() : null,
  };
}
