import type { Counter, Gauge, Histogram, Metrics } from './metrics.js';

/** What is counted of a service's HTTP requests. */
export interface HttpMetrics {
  requests: Counter<'method' | 'route' | 'status'>;
  seconds: Histogram<'method' | 'route'>;
  inFlight: Gauge;
}

/** Names the metrics of an HTTP server. A route is a template such as `/v1/video/tasks/{id}`, never a path. */
export function httpMetrics(metrics: Metrics): HttpMetrics {
  return {
    requests: metrics.counter('grok2api_http_requests_total', 'HTTP requests that were answered or left.', [
      'method',
      'route',
      'status',
    ]),
    seconds: metrics.seconds(
      'grok2api_http_request_seconds',
      'From a request to the last byte of its answer; streams last as long as they are read.',
      ['method', 'route'],
    ),
    inFlight: metrics.gauge('grok2api_http_in_flight', 'HTTP requests being answered.'),
  };
}
