import type { Counter, Metrics, ReadGauge } from './metrics.js';

/** What every process measures of itself. */
export interface ProcessMetrics {
  ready: ReadGauge<never>;
  logLines: Counter<'level'>;
}

/** Names the metrics of every process. */
export function processMetrics(metrics: Metrics): ProcessMetrics {
  return {
    ready: metrics.readGauge('grok2api_ready', 'Whether this process can work, as `/readyz` says: 1 or 0.'),
    logLines: metrics.counter('grok2api_log_lines_total', 'Lines that were logged.', ['level']),
  };
}
