import type { Counter, Histogram, Metrics } from '@grok2api/service-kit';

/** What is counted of tasks where they are written. */
export interface StoreMetrics {
  created: Counter<'kind'>;
  ends: Counter<'kind' | 'state' | 'reason'>;
  inState: Histogram<'kind' | 'state'>;
  statements: Histogram<'operation' | 'outcome'>;
}

/** Names the metrics of the task database. */
export function storeMetrics(metrics: Metrics): StoreMetrics {
  return {
    created: metrics.counter('grok2api_tasks_created_total', 'Tasks that this process accepted.', ['kind']),
    ends: metrics.counter(
      'grok2api_task_ends_total',
      'Tasks that this process ended: completed, failed with an error code as the reason, or cancelled.',
      ['kind', 'state', 'reason'],
    ),
    inState: metrics.seconds(
      'grok2api_task_state_seconds',
      'How long ended tasks were pending and running, counted by who ended them.',
      ['kind', 'state'],
    ),
    statements: metrics.seconds(
      'grok2api_task_store_seconds',
      'What this process did with the task database: ok, unavailable (it did not answer), lost (another worker or request has it), error.',
      ['operation', 'outcome'],
    ),
  };
}
