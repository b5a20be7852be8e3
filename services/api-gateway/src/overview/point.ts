import { type MetricsSnapshot, type OverviewPoint, TASK_KINDS } from '@grok2api/contracts';
import { type Labels, sumOf, valuesOf } from './samples.js';

const MS_PER_MINUTE = 60_000;
const REQUESTS = 'grok2api_http_requests_total';
const FIRST_OUTPUT = 'grok2api_chat_first_output_seconds';
const ENDS = 'grok2api_task_ends_total';
/** The first digit of the statuses that are the server's fault. */
const FAULT = '5';

/** What one look at every process found, by the processes' ids. */
export interface Look {
  /** In milliseconds since 1970. */
  at: number;
  snapshots: ReadonlyMap<string, MetricsSnapshot>;
}

/**
 * What happened between two looks, and how the queues were at the second. What a process counted before it was first
 * seen is not known to have happened in between, and is left out.
 */
export function pointBetween(before: Look, now: Look): OverviewPoint {
  const minutes = (now.at - before.at) / MS_PER_MINUTE;
  const grown = (name: string, labels?: Labels) => growth(before, now, (snapshot) => sumOf(snapshot, name, labels));
  const requests = grown(REQUESTS);
  const faults = growth(before, now, faultsIn);
  const firstOutputs = grown(`${FIRST_OUTPUT}_count`, { streamed: 'true' });
  const queued = (name: string, kind: string) =>
    Math.max(0, ...[...now.snapshots.values()].flatMap((snapshot) => valuesOf(snapshot, name, { kind })));
  const queueOf = (kind: string) => ({
    waiting: queued('grok2api_queue_waiting', kind),
    oldest_seconds: queued('grok2api_queue_oldest_seconds', kind),
  });
  const [video, image] = TASK_KINDS;
  return {
    at: new Date(now.at).toISOString(),
    requests_per_minute: requests / minutes,
    error_rate: requests === 0 ? null : faults / requests,
    first_token_seconds: firstOutputs === 0 ? null : grown(`${FIRST_OUTPUT}_sum`, { streamed: 'true' }) / firstOutputs,
    tasks_per_minute: {
      completed: grown(ENDS, { state: 'completed' }) / minutes,
      failed: grown(ENDS, { state: 'failed' }) / minutes,
    },
    queue: { [video]: queueOf(video), [image]: queueOf(image) },
  };
}

function faultsIn({ samples }: MetricsSnapshot): number {
  return samples
    .filter(({ name, labels }) => name === REQUESTS && labels.status?.startsWith(FAULT))
    .reduce((sum, { value }) => sum + value, 0);
}

/** By how much a count grew over all processes that were seen at both looks. */
function growth(before: Look, now: Look, count: (snapshot: MetricsSnapshot) => number): number {
  let sum = 0;
  for (const [id, snapshot] of now.snapshots) {
    const earlier = before.snapshots.get(id);
    if (earlier) sum += Math.max(0, count(snapshot) - count(earlier));
  }
  return sum;
}
