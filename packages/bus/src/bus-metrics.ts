import type { Counter, Gauge, Histogram, Metrics, ReadGauge } from '@grok2api/service-kit';

/** How a request ended for the process that answered it. */
export type ServedOutcome = 'ok' | 'rejected' | 'error' | 'refused' | 'left';
/** How a request ended for the process that sent it. */
export type CalledOutcome = 'ok' | 'rejected' | 'error' | 'no_responder' | 'timeout' | 'lost' | 'left';

/** What is counted of a process' messages. A subject is a template: ids in it are `*`. */
export interface BusMetrics {
  served: Histogram<'subject' | 'outcome'>;
  serving: Gauge<'subject'>;
  called: Histogram<'subject' | 'outcome'>;
  events: Counter<'subject' | 'direction'>;
  malformed: Counter<'subject'>;
  connected: ReadGauge<never>;
  reconnects: Counter;
}

/** Names the metrics of the bus. */
export function busMetrics(metrics: Metrics): BusMetrics {
  return {
    served: metrics.seconds(
      'grok2api_bus_served_seconds',
      'Requests on the bus that this process answered, to the last byte: ok, rejected (with an error below 500), error, refused (too many, or malformed), left (the requester went).',
      ['subject', 'outcome'],
    ),
    serving: metrics.gauge('grok2api_bus_serving', 'Requests on the bus being answered.', ['subject']),
    called: metrics.seconds(
      'grok2api_bus_called_seconds',
      'Requests on the bus that this process sent, to the last byte: ok, rejected (with an error below 500), error (that was the answer), no_responder, timeout, lost (the responder went), left (this process did not want it any more).',
      ['subject', 'outcome'],
    ),
    events: metrics.counter('grok2api_bus_events_total', 'Events on the bus, published or received.', [
      'subject',
      'direction',
    ]),
    malformed: metrics.counter(
      'grok2api_bus_malformed_messages_total',
      'Messages on the bus that were dropped because they were malformed.',
      ['subject'],
    ),
    connected: metrics.readGauge('grok2api_bus_connected', 'Whether NATS is reachable: 1 or 0.'),
    reconnects: metrics.counter('grok2api_bus_reconnects_total', 'Times that a lost connection to NATS came back.'),
  };
}
