import type { Counter, Gauge, Histogram, Metrics } from '@grok2api/service-kit';

/** What is counted of the calls to the upstream. */
export interface UpstreamMetrics {
  calls: Histogram<'operation' | 'outcome'>;
  inFlight: Gauge<'operation'>;
  streams: Counter<'outcome'>;
}

/** Names the metrics of the upstream. */
export function upstreamMetrics(metrics: Metrics): UpstreamMetrics {
  return {
    calls: metrics.seconds(
      'grok2api_upstream_call_seconds',
      'Calls to the upstream until their answer was there, that of chat_stream until its first event: ok, or the fault.',
      ['operation', 'outcome'],
    ),
    inFlight: metrics.gauge('grok2api_upstream_in_flight', 'Calls to the upstream under way, streams to their end.', [
      'operation',
    ]),
    streams: metrics.counter(
      'grok2api_upstream_streams_total',
      'Streams of the upstream that ended after their first event: ok, left (nobody wanted the rest), or the fault.',
      ['outcome'],
    ),
  };
}
