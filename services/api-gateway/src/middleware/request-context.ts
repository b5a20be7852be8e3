import type { Language } from '@grok2api/contracts';
import { TEXTS } from '@grok2api/contracts';
import type { Logger } from '@grok2api/service-kit';
import type { Request, RequestHandler } from 'express';

/** Asked every few seconds by whoever watches over this process. */
const PROBES = /\/(health|healthz|readyz|metrics)$/;
const REQUEST_ID = /^[\w.:-]{1,128}$/;

/**
 * Gives a request its id (the client's own, if it is a plain one) and its language, and logs one line when it
 * is over.
 */
export function requestContext(log: Logger, newId: () => string, now: () => number): RequestHandler {
  return (req, res, next) => {
    const given = req.get('x-request-id');
    const requestId = given && REQUEST_ID.test(given) ? given : newId();
    res.locals.requestId = requestId;
    res.locals.texts = TEXTS[languageOf(req)];
    res.setHeader('x-request-id', requestId);
    const begun = now();
    // Routers change the request's path while they work on it.
    const path = req.path;
    res.once('close', () => {
      log[PROBES.test(path) ? 'debug' : 'info'](
        {
          request_id: requestId,
          method: req.method,
          path,
          status: res.statusCode,
          ms: Math.round(now() - begun),
          ...(res.writableFinished ? {} : { aborted: true }),
        },
        'request',
      );
    });
    next();
  };
}

// Chinese, as documented, unless the client prefers English.
function languageOf(req: Request): Language {
  return req.acceptsLanguages('zh', 'en') === 'en' ? 'en' : 'zh';
}
