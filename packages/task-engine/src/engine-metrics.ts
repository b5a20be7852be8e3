import type { Counter, Gauge, Metrics } from '@grok2api/service-kit';

/** What is counted of the tasks that workers work on. */
export interface EngineMetrics {
  slots: Gauge<'kind'>;
  busy: Gauge<'kind'>;
  claims: Counter<'kind' | 'how'>;
  handBacks: Counter<'kind'>;
  left: Counter<'kind' | 'reason'>;
  missingWakeUps: Counter<'kind'>;
  leader: Gauge<'kind'>;
  waiting: Gauge<'kind'>;
  oldest: Gauge<'kind'>;
  open: Gauge<'kind' | 'state'>;
}

/** Names the metrics of the task engine. */
export function engineMetrics(metrics: Metrics): EngineMetrics {
  return {
    slots: metrics.gauge('grok2api_worker_slots', 'Tasks that this worker works on at most.', ['kind']),
    busy: metrics.gauge('grok2api_worker_slots_busy', 'Tasks that this worker works on.', ['kind']),
    claims: metrics.counter(
      'grok2api_task_claims_total',
      'Tasks that this worker claimed: fresh, handed_back (by a worker that stopped), taken_over (from one that died or was cut off).',
      ['kind', 'how'],
    ),
    handBacks: metrics.counter('grok2api_task_hand_backs_total', 'Tasks that this worker gave back unfinished.', [
      'kind',
    ]),
    left: metrics.counter(
      'grok2api_tasks_left_total',
      'Tasks that this worker left because they were not its own any more: cancelled, claim_lost.',
      ['kind', 'reason'],
    ),
    missingWakeUps: metrics.counter(
      'grok2api_missing_wake_ups_total',
      'Wake-ups that were sent again because tasks waited without one.',
      ['kind'],
    ),
    leader: metrics.gauge(
      'grok2api_reconciler_leader',
      'Whether this worker reconciles all tasks of a kind: 1 or 0. It alone shows the metrics of the queue.',
      ['kind'],
    ),
    waiting: metrics.gauge(
      'grok2api_queue_waiting',
      'Tasks that wait for a worker, counted by one worker for all, up to 10,000.',
      ['kind'],
    ),
    oldest: metrics.gauge(
      'grok2api_queue_oldest_seconds',
      'Age of the oldest task that waits for a worker, 0 when none does, by one worker for all.',
      ['kind'],
    ),
    open: metrics.gauge(
      'grok2api_queue_open',
      'Tasks that have not ended, by state, counted by one worker for all, up to 10,000.',
      ['kind', 'state'],
    ),
  };
}
