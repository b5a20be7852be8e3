/** The value of one series in Prometheus' text format; undefined when there is none. The label `service` is left out. */
export function valueIn(text: string, name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
  const wanted = keyOf(Object.entries(labels));
  for (const [, own, inside, value] of text.matchAll(/^(\w+)(?:\{(.*)\})? (\S+)$/gm)) {
    if (own !== name) continue;
    const pairs = [...(inside ?? '').matchAll(/(\w+)="([^"]*)"/g)].map(
      ([, label = '', of = '']) => [label, of] as const,
    );
    if (keyOf(pairs.filter(([label]) => label !== 'service')) === wanted) return Number(value);
  }
  return undefined;
}

function keyOf(pairs: readonly (readonly [string, string])[]): string {
  return pairs
    .map(([label, of]) => `${label}=${of}`)
    .toSorted()
    .join();
}
