import type { Language } from '@grok2api/contracts';
import { TEXTS } from '@grok2api/contracts';
import type { Counter, Logger } from '@grok2api/service-kit';
import type { Request, RequestHandler } from 'express';
import type { RequestMeter } from '../request-meter.js';

/** Asked every few seconds by whoever watches over this process. */
const PROBES = /\/(health|healthz|readyz|metrics)$/;
const SSE_TYPE = 'text/event-stream';
const REQUEST_ID = /^[\w.:-]{1,128}$/;

export interface RequestContextDependencies {
  log: Logger;
  meter: RequestMeter;
  /** Counts readers that were cut off because they took nothing. */
  droppedReaders: Counter;
  newRequestId: () => string;
  now: () => number;
}

/**
 * Gives a request its id (the client's own, if it is a plain one) and its language; measures it, and logs one line when it
 * is over.
 */
export function requestContext({
  log,
  meter,
  droppedReaders,
  newRequestId,
  now,
}: RequestContextDependencies): RequestHandler {
  return (req, res, next) => {
    const given = req.get('x-request-id');
    const requestId = given && REQUEST_ID.test(given) ? given : newRequestId();
    res.locals.requestId = requestId;
    res.locals.texts = TEXTS[languageOf(req)];
    res.setHeader('x-request-id', requestId);
    const begun = now();
    // Routers change the request's path while they work on it.
    const path = req.path;
    const isProbe = PROBES.test(path);
    const metered = meter.begin(req, { isTraced: !isProbe });
    res.once('close', () => {
      const { knownPath, identity, stalled } = res.locals;
      metered.end(res, knownPath);
      if (stalled && res.get('content-type')?.startsWith(SSE_TYPE)) droppedReaders.inc();
      metered.run(() =>
        log[isProbe ? 'debug' : 'info'](
          {
            request_id: requestId,
            method: req.method,
            path,
            ...(identity ? { owner: identity.owner } : {}),
            status: res.statusCode,
            ms: Math.round(now() - begun),
            ...(res.writableFinished ? {} : { aborted: true }),
            ...(stalled ? { stalled } : {}),
          },
          'request',
        ),
      );
    });
    metered.run(next);
  };
}

// Chinese, as documented, unless the client prefers English.
function languageOf(req: Request): Language {
  return req.acceptsLanguages('zh', 'en') === 'en' ? 'en' : 'zh';
}
