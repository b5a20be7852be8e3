import { httpMetrics, type Metrics } from '@grok2api/service-kit';

/** Names everything that the simulator measures. */
export function serviceMetrics(metrics: Metrics) {
  return { http: httpMetrics(metrics) };
}
