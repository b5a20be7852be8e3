import { busMetrics } from '@grok2api/bus';
import { mediaMetrics } from '@grok2api/media-store';
import { httpMetrics, type Metrics } from '@grok2api/service-kit';
import { storeMetrics } from '@grok2api/task-store';

/** Names everything that a gateway measures. */
export function serviceMetrics(metrics: Metrics) {
  return {
    bus: busMetrics(metrics),
    http: httpMetrics(metrics),
    media: mediaMetrics(metrics),
    store: storeMetrics(metrics),
    sse: {
      dropped: metrics.counter(
        'grok2api_sse_dropped_readers_total',
        'Readers of any stream that took nothing for a minute and were cut off.',
      ),
      readers: metrics.readGauge('grok2api_sse_readers', 'Readers of task streams on this gateway.'),
      skipped: metrics.counter(
        'grok2api_sse_skipped_events_total',
        'Events of tasks that slow readers were not sent, because a newer one said more.',
      ),
    },
  };
}

/** What a gateway measures, by the part that does. */
export type GatewayMetrics = ReturnType<typeof serviceMetrics>;

/** Names what `GET /metrics` of the HTTP API shows besides. */
export function publicMetrics(metrics: Metrics) {
  return {
    byState: metrics.readGauge('grok2api_tasks', 'Tasks in the database by kind and state, deleted ones left out.', [
      'kind',
      'state',
    ]),
    givenUp: metrics.readGauge(
      'grok2api_tasks_given_up',
      'Tasks in the database that failed because their workers died again and again.',
    ),
  };
}
