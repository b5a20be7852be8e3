import { ERROR_CATALOGUE } from '@grok2api/contracts';
import { failSpan } from '@grok2api/service-kit';
import type { Span } from '@opentelemetry/api';
import type { BusMetrics, CalledOutcome } from './bus-metrics.js';
import { BusTimeoutError, NoResponderError } from './errors.js';
import { ResponderLostError, StreamError } from './streamed-reply/errors.js';
import { subjectTemplate } from './subject-template.js';

const SERVER_ERRORS = 500;

/** Counts a request that is sent. Returns what has to be called once when it is over, with why it failed. */
export function beginCalled(
  metrics: BusMetrics,
  subject: string,
  span: Span,
): (end: { left?: boolean; failure?: { cause: unknown } | undefined }) => void {
  const begun = performance.now();
  return ({ left = false, failure }) => {
    const outcome = left ? 'left' : failure ? outcomeOf(failure.cause) : 'ok';
    metrics.called.observe({ subject: subjectTemplate(subject), outcome }, (performance.now() - begun) / 1_000);
    if (failure && !left) failSpan(span, failure.cause);
    span.end();
  };
}

function outcomeOf(cause: unknown): CalledOutcome {
  if (cause instanceof NoResponderError) return 'no_responder';
  if (cause instanceof BusTimeoutError) return 'timeout';
  if (cause instanceof ResponderLostError) return 'lost';
  return cause instanceof StreamError && isRejection(cause) ? 'rejected' : 'error';
}

/** Whether a reply ended with an error that is the client's matter. */
export function isRejection({ details }: StreamError): boolean {
  return ERROR_CATALOGUE[details.code].status < SERVER_ERRORS;
}
