import { Skeleton } from '@mantine/core';
import { lazy, Suspense } from 'react';

const Drawn = lazy(async () => ({ default: (await import('./drawn-chart.js')).DrawnChart }));
const HEIGHT_PX = 180;

export interface Line {
  name: string;
  /** One for each time; null where nothing is known. */
  values: (number | null)[];
}

export interface LineChartProps {
  /** For screen readers, which are told the last values as well. */
  label: string;
  /** In milliseconds since 1970, rising. */
  times: number[];
  lines: Line[];
  format: (value: number) => string;
  formatTime: (ms: number) => string;
  /** Draws bars rather than lines. */
  bars?: boolean;
}

/** Values over time; what draws it is loaded when it is first needed. */
export function LineChart(props: LineChartProps) {
  return (
    <Suspense fallback={<Skeleton height={HEIGHT_PX} />}>
      <Drawn {...props} height={HEIGHT_PX} />
    </Suspense>
  );
}
