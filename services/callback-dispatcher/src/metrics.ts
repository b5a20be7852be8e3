import { busMetrics } from '@grok2api/bus';
import type { Metrics } from '@grok2api/service-kit';
import { storeMetrics } from '@grok2api/task-store';

/** Names everything that a dispatcher of callbacks measures. */
export function serviceMetrics(metrics: Metrics) {
  return {
    bus: busMetrics(metrics),
    store: storeMetrics(metrics),
    callbacks: {
      attempts: metrics.seconds(
        'grok2api_callback_attempt_seconds',
        'Attempts to deliver a callback: delivered, gone (the receiver wants no more), failed (another attempt follows), given_up (it was the last one).',
        ['result'],
      ),
      inHand: metrics.readGauge('grok2api_callbacks_in_hand', 'Callbacks that this process is delivering.'),
      restingHosts: metrics.readGauge(
        'grok2api_callback_hosts_resting',
        'Hosts that this process leaves alone for a while, because they did not answer.',
      ),
      backlog: metrics.gauge(
        'grok2api_callbacks_pending',
        'Callbacks that are not settled: due, later (an attempt failed, the next one is not due). Counted by one dispatcher for all, up to 10,000.',
        ['state'],
      ),
      oldest: metrics.gauge(
        'grok2api_callbacks_oldest_due_seconds',
        'How long the oldest callback that is due has been due, 0 when none is. By one dispatcher for all.',
      ),
    },
  };
}

/** What is measured of callbacks. */
export type CallbackMetrics = ReturnType<typeof serviceMetrics>['callbacks'];
