import { errorMessage, type TaskError } from '@grok2api/contracts';
import type { Task } from '@grok2api/task-store';

/** Claims that ran out in a row, without a step forward, before a task is worked on alone. */
const ALONE_AFTER = 2;
/** … and before it is given up. */
const GIVE_UP_AFTER = 3;

/** What to think of a task whose workers died. */
export type Suspicion = { verdict: 'none' | 'alone' } | { verdict: 'give up'; error: TaskError };

/**
 * Whether a task may be what takes its workers down: after two lost claims without a step forward it is worked on
 * alone, so that no other task suffers; after the third it fails. One with a job at the upstream, or with something made
 * already, goes on until its deadline, because that is paid for.
 */
export function suspicion({
  claimLosses,
  upstreamJobId,
  progress,
}: Pick<Task, 'claimLosses' | 'upstreamJobId' | 'progress'>): Suspicion {
  if (claimLosses < ALONE_AFTER) return { verdict: 'none' };
  const isPaid = upstreamJobId !== undefined || progress > 0;
  if (claimLosses < GIVE_UP_AFTER || isPaid) return { verdict: 'alone' };
  const message = errorMessage('worker_lost', { times: claimLosses });
  return { verdict: 'give up', error: { code: 'worker_lost', message } };
}
