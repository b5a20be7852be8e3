import { setTimeout as delay } from 'node:timers/promises';
import type { HttpMetrics, Logger } from '@grok2api/service-kit';
import express, { type Express, type Request, type Response } from 'express';
import { z } from 'zod';
import type { Concurrency } from './concurrency.js';
import { controlRouter } from './control.js';
import type { Fault } from './faults/fault-rule.js';
import type { FaultRules } from './faults/fault-rules.js';
import { type LoggedRequest, type RequestLog, shortenJson } from './request-log.js';
import type { JobStore } from './videos/job-store.js';
import { type Answer, jsonAnswer, sendAnswer } from './wire/answer.js';
import { type Authenticate, bearerKey } from './wire/authenticate.js';
import { type JsonBody, readJson } from './wire/read-json.js';
import { type FoundRoute, findRoute, type WireRoute } from './wire/route.js';
import { errorAnswer, notFound, XaiError } from './wire/xai-error.js';

/** The parts the app is made of. */
export interface AppParts {
  /** The simulated API. */
  routes: readonly WireRoute[];
  authenticate: Authenticate;
  requestLog: RequestLog;
  faults: FaultRules;
  concurrency: Concurrency;
  jobs: JobStore;
  now: () => number;
  log: Logger;
  http: HttpMetrics;
}

/** A request on its way through the simulator. */
interface Call {
  request: Request;
  response: Response;
  entry: LoggedRequest;
  key: string | undefined;
  found: FoundRoute | undefined;
  body: JsonBody;
  /** Aborted when the connection closes. */
  closed: AbortSignal;
}

const bodyWithModel = z.object({ model: z.string() });

/**
 * The HTTP application: the control routes under `/_simulator`, and the simulated API, where each request is logged,
 * read, put through the faults, then checked for its key and handled.
 */
export function createApp(parts: AppParts): Express {
  const { requestLog, log, http } = parts;

  async function serve(request: Request, response: Response): Promise<void> {
    const { method, path } = request;
    const found = findRoute(parts.routes, method, path);
    const key = bearerKey(request.headers.authorization);
    const route = found ? `${method} ${found.route.template}` : null;
    const names = { request_id: found?.params.request_id ?? null, x_request_id: request.get('x-request-id') ?? null };
    const entry = requestLog.open({ method, path, route, ...names }, key);
    const leave = found?.route.generation && parts.concurrency.enter(entry.key_hash ?? '', found.route.generation);
    const closing = new AbortController();
    const end = http.begin();
    response.once('close', () => {
      leave?.();
      closing.abort();
      const labels = { method: found ? method : 'other', route: found?.route.template ?? 'other' };
      end({ ...labels, status: response.writableFinished ? response.statusCode : undefined });
      if (entry.closed_at === null) requestLog.close(entry, response.writableFinished ? 'complete' : 'client_closed');
    });

    const body = await readJson(request, response);
    // The caller left before its request was complete: nothing was asked.
    if (response.destroyed) return;
    entry.body = 'value' in body ? (shortenJson(body.value) ?? null) : null;
    const call = { request, response, entry, key, found, body, closed: closing.signal };
    const model = 'value' in body ? bodyWithModel.safeParse(body.value).data?.model : undefined;
    const taken = parts.faults.take({ method, path, key, model });
    if (!taken) return send(call, await answer(call));
    if ('hang' in taken.fault) return hang(call, taken.hold);
    return suffer(call, taken.fault);
  }

  async function answer({ request, entry, key, found, body, closed: signal }: Call): Promise<Answer> {
    try {
      if (!found) throw notFound(`The requested path ${request.path} does not exist.`);
      const goodKey = found.route.needsKey ? parts.authenticate(key) : '';
      if ('error' in body) throw body.error;
      const origin = `http://${request.headers.host}`;
      const made = await found.route.handle({ params: found.params, key: goodKey, body: body.value, origin, signal });
      entry.request_id = made.requestId ?? entry.request_id;
      return made;
    } catch (err) {
      if (err instanceof XaiError) return errorAnswer(err);
      if (signal.aborted) return errorAnswer(new XaiError(499, 'cancelled', 'The caller left.'));
      log.error({ err, path: request.path }, 'a request failed');
      return errorAnswer(new XaiError(500, 'internal-error', 'Internal server error.'));
    }
  }

  async function send({ response, entry }: Call, made: Answer, part: 'whole' | 'half' = 'whole'): Promise<void> {
    if (response.destroyed) return;
    entry.status = made.status;
    if (made.body.kind === 'events') entry.frames = 0;
    await sendAnswer(response, made, part, {
      frame: () => {
        entry.frames = (entry.frames ?? 0) + 1;
      },
      cut: () => requestLog.close(entry, 'cut'),
    });
  }

  function cut({ response, entry }: Call): void {
    if (entry.closed_at === null) requestLog.close(entry, 'cut');
    response.destroy();
  }

  function hang({ response, entry }: Call, hold: (end: () => void) => () => void): void {
    entry.ended = 'hung';
    const forget = hold(() => {
      requestLog.close(entry, 'hung');
      response.destroy();
    });
    response.once('close', forget);
  }

  async function suffer(call: Call, fault: Exclude<Fault, { hang: true }>): Promise<void> {
    if ('status' in fault) return send(call, faultAnswer(fault));
    if ('delay_ms' in fault) {
      await delayUnlessAborted(fault.delay_ms, call.closed);
      if (!call.closed.aborted) await send(call, await answer(call));
      return;
    }
    if ('cut_after' in fault) await answer(call);
    else if (fault.cut === 'mid_body') {
      const makesJob = call.found?.route.generation === 'video_create';
      return send(call, makesJob ? jsonAnswer({ request_id: 'lost on the way' }) : await answer(call), 'half');
    }
    cut(call);
  }

  const app = express();
  app.disable('x-powered-by');
  app.use('/_simulator', controlRouter(parts));
  app.use(async (request, response) => {
    try {
      await serve(request, response);
    } catch (err) {
      log.error({ err, path: request.path }, 'an answer could not be sent');
      response.destroy();
    }
  });
  return app;
}

function faultAnswer(fault: Extract<Fault, { status: number }>): Answer {
  const { status, headers = {}, body } = fault;
  if (body === undefined) return { status, headers, body: { kind: 'empty' } };
  if (typeof body === 'string') return { status, headers, body: { kind: 'text', text: body } };
  return { status, headers, body: { kind: 'json', value: body } };
}

async function delayUnlessAborted(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch (err) {
    if (!signal.aborted) throw err;
  }
}
