import { TASK_KINDS, TASK_STATES } from '@grok2api/contracts';
import { Metrics } from '@grok2api/service-kit';
import type { Tasks } from '@grok2api/task-store';
import { publicMetrics } from './metrics.js';

/** Counting all tasks costs the database something: one count serves every look for this long. */
const COUNT_MS = 10_000;

/** The counts of all tasks in the database, for whoever asks the HTTP API: made when they are asked for, and kept a while. */
export function taskCounts(tasks: Tasks, now: () => number): Metrics {
  const metrics = new Metrics('api-gateway');
  const { byState, givenUp } = publicMetrics(metrics);
  let counted: { at: number; counts: ReturnType<typeof count> } | undefined;
  const count = async () => {
    const [counts, lost] = await Promise.all([tasks.countByState(), tasks.countFailed('worker_lost')]);
    const found = new Map(counts.map((each) => [`${each.kind} ${each.state}`, each.count]));
    const samples = TASK_KINDS.flatMap((kind) =>
      TASK_STATES.map((state) => ({ labels: { kind, state }, value: found.get(`${kind} ${state}`) ?? 0 })),
    );
    return { samples, lost };
  };
  const latest = (): ReturnType<typeof count> => {
    if (!counted || now() - counted.at >= COUNT_MS) {
      const counts = count();
      counted = { at: now(), counts };
      // The next one who asks tries again.
      counts.catch(() => {
        counted = undefined;
      });
    }
    return counted.counts;
  };
  byState.readFrom(async () => (await latest()).samples);
  givenUp.readFrom(async () => [{ labels: {}, value: (await latest()).lost }]);
  return metrics;
}
