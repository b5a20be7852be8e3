import type { Metrics } from './metrics.js';

/** How a request ended. A route is a template such as `/v1/video/tasks/{id}`, never a path. */
export interface EndedRequest {
  method: string;
  route: string;
  /** Undefined when the client left before the answer was whole. */
  status: number | undefined;
}

/** Measures the requests of an HTTP server. */
export interface HttpMetrics {
  /** A request has come. Returns what has to be called once when its answer is over. */
  begin(): (ended: EndedRequest) => void;
}

/** Names the metrics of an HTTP server. */
export function httpMetrics(metrics: Metrics): HttpMetrics {
  const requests = metrics.counter(
    'grok2api_http_requests_total',
    'HTTP requests by the status of their answer, `left` when the client left before it was whole.',
    ['method', 'route', 'status'],
  );
  const seconds = metrics.seconds(
    'grok2api_http_request_seconds',
    'From a request to the last byte of its answer; streams last as long as they are read.',
    ['method', 'route'],
  );
  const inFlight = metrics.gauge('grok2api_http_in_flight', 'HTTP requests being answered.');
  return {
    begin: () => {
      inFlight.inc();
      const end = seconds.startTimer();
      return ({ method, route, status }) => {
        inFlight.dec();
        end({ method, route });
        requests.inc({ method, route, status: String(status ?? 'left') });
      };
    },
  };
}
