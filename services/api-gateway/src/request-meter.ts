import type { IncomingMessage, ServerResponse } from 'node:http';
import { beginSpan, type HttpMetrics, inTraceOf, traceOf } from '@grok2api/service-kit';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { KnownPath } from './known-routes.js';

const SERVER_ERRORS = 500;
/** Stands for every path that there is not, and every method that a path has not. */
const OTHER = 'other';

/** A request on its way through the gateway. */
export interface MeteredRequest {
  /** Runs something as part of the request's trace. */
  run<T>(work: () => T): T;
  /** The answer is over. Called once. */
  end(response: ServerResponse, known: KnownPath | undefined): void;
}

/** Measures requests, and begins their traces or joins them to those that clients have begun (`traceparent`). */
export class RequestMeter {
  constructor(private readonly http: HttpMetrics) {}

  begin({ method = OTHER, headers }: IncomingMessage, { isTraced }: { isTraced: boolean }): MeteredRequest {
    const endMeasure = this.http.begin();
    const span = beginSpan(method, {
      kind: SpanKind.SERVER,
      begins: isTraced,
      parent: traceOf(isTraced ? headers : {}),
    });
    return {
      run: (work) => inTraceOf(span, work),
      end: ({ statusCode, writableFinished }, known) => {
        const route = known?.path ?? OTHER;
        const ofRoute = known?.methods.includes(method) ? method : OTHER;
        endMeasure({ method: ofRoute, route, status: writableFinished ? statusCode : undefined });
        span.updateName(`${ofRoute} ${route}`);
        span.setAttributes({
          'http.request.method': ofRoute,
          'http.route': route,
          'http.response.status_code': statusCode,
        });
        if (statusCode >= SERVER_ERRORS) span.setStatus({ code: SpanStatusCode.ERROR });
        span.end();
      },
    };
  }
}
