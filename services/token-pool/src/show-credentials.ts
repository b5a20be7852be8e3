import type { Sample } from '@grok2api/service-kit';
import { type Candidate, freeSlots, type ModelHealth } from './candidate.js';
import type { PoolMetrics } from './metrics.js';
import type { Snapshot } from './snapshot.js';

/** Shows the credentials as the snapshot has them, so that a look asks no table. */
export function showCredentials(
  snapshot: Pick<Snapshot, 'candidates'>,
  metrics: Pick<PoolMetrics, 'credentials' | 'models' | 'slots'>,
  now: () => number,
): void {
  const candidates = () => [...snapshot.candidates];
  metrics.credentials.readFrom(() => {
    const counts = { free: 0, busy: 0, disabled: 0 };
    for (const candidate of candidates()) counts[stateOf(candidate)]++;
    return Object.entries(counts).map(([state, value]) => ({ labels: { state }, value }));
  });
  metrics.models.readFrom(() => {
    const samples = new Map<string, Sample<'model' | 'state'>>();
    for (const { models } of candidates()) {
      for (const [model, health] of models) {
        const state = healthOf(health, now());
        const key = `${state} ${model}`;
        const sample = samples.get(key) ?? { labels: { model, state }, value: 0 };
        samples.set(key, { ...sample, value: sample.value + 1 });
      }
    }
    return [...samples.values()];
  });
  metrics.slots.readFrom(() => {
    const limited = candidates().filter(({ enabled, maxConcurrency }) => enabled && maxConcurrency > 0);
    const sum = (of: (candidate: Candidate) => number) => limited.reduce((total, each) => total + of(each), 0);
    return [
      { labels: { state: 'granted' }, value: sum(({ inUse }) => inUse) },
      { labels: { state: 'free' }, value: sum(freeSlots) },
    ];
  });
}

function stateOf(candidate: Candidate): 'free' | 'busy' | 'disabled' {
  if (!candidate.enabled) return 'disabled';
  return freeSlots(candidate) > 0 ? 'free' : 'busy';
}

function healthOf({ dead, broken, restsUntil }: ModelHealth, now: number): string {
  if (dead) return 'forbidden';
  if (broken) return 'broken';
  return restsUntil > now ? 'cooling' : 'ready';
}
