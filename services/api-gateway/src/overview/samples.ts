import type { MetricsSnapshot } from '@grok2api/contracts';

/** Labels that a sample has to have. */
export type Labels = Readonly<Record<string, string>>;

/** The values of a metric in a snapshot, of those with the labels. */
export function valuesOf({ samples }: MetricsSnapshot, name: string, labels: Labels = {}): number[] {
  return samples
    .filter(
      (sample) => sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
    )
    .map(({ value }) => value);
}

/** The sum of a metric's values with the labels; 0 where it has none. */
export function sumOf(snapshot: MetricsSnapshot, name: string, labels: Labels = {}): number {
  return valuesOf(snapshot, name, labels).reduce((sum, value) => sum + value, 0);
}
