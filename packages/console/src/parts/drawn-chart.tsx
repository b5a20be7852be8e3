import { useComputedColorScheme, useMantineTheme } from '@mantine/core';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import type { LineChartProps } from './line-chart.js';

const MS = 1000;
const LEFT_AXIS_PX = 70;
/** Room for a label of the axis of time. */
const TIME_AXIS_PX = 64;
const FILL = '33';
const HEADROOM = 1.1;

/** Draws values over time on a canvas as wide as there is room. */
export function DrawnChart(props: LineChartProps & { height: number }) {
  const { label, times, lines, format, formatTime, bars = false, height } = props;
  const place = useRef<HTMLDivElement>(null);
  const theme = useMantineTheme();
  const scheme = useComputedColorScheme('light');
  const names = lines.map(({ name }) => name).join('\n');
  const chart = useRef<uPlot>(undefined);
  const data: uPlot.AlignedData = [times.map((time) => time / MS), ...lines.map(({ values }) => values)];
  const latest = useRef({ data, format, formatTime });
  latest.current = { data, format, formatTime };

  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const colors = ['indigo', 'teal', 'orange', 'grape', 'red', 'cyan', 'lime', 'pink'].map(
      (name) => theme.colors[name]?.[scheme === 'dark' ? 4 : 7] ?? name,
    );
    const ink = scheme === 'dark' ? (theme.colors.dark?.[1] ?? '') : (theme.colors.gray?.[7] ?? '');
    const grid = {
      stroke: scheme === 'dark' ? (theme.colors.dark?.[5] ?? '') : (theme.colors.gray?.[3] ?? ''),
      width: 1,
    };
    const paths = bars ? uPlot.paths.bars?.({ size: [0.6, 60] }) : uPlot.paths.linear?.();
    const show = (value: number) => latest.current.format(value);
    const drawn = new uPlot(
      {
        width: element.clientWidth,
        height,
        // Bars stand for days, which are counted by UTC.
        ...(bars ? { tzDate: (time: number) => uPlot.tzDate(new Date(time * MS), 'UTC') } : {}),
        legend: { show: true, live: false },
        cursor: { drag: { x: false, y: false } },
        scales: { y: { range: (_chart, _min, max) => [0, max > 0 ? max * HEADROOM : 1] } },
        axes: [
          {
            stroke: ink,
            grid,
            ticks: grid,
            space: TIME_AXIS_PX,
            values: (_chart, splits) => splits.map((time) => latest.current.formatTime(time * MS)),
          },
          { stroke: ink, grid, ticks: grid, size: LEFT_AXIS_PX, values: (_chart, splits) => splits.map(show) },
        ],
        series: [
          {},
          ...names.split('\n').map((name, index) => {
            const color = colors[index % colors.length] ?? ink;
            return {
              label: name,
              stroke: color,
              width: 2,
              fill: bars ? color : color + FILL,
              spanGaps: true,
              points: { show: (chart: uPlot, line: number) => !bars && isSinglePoint(chart.data[line]) },
              ...(paths ? { paths } : {}),
            };
          }),
        ],
      },
      latest.current.data,
      element,
    );
    chart.current = drawn;
    const observer = new ResizeObserver(() => drawn.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      drawn.destroy();
      chart.current = undefined;
    };
  }, [names, bars, height, scheme, theme]);

  useEffect(() => {
    chart.current?.setData(data);
  });

  const last = lines.map(({ name, values }) => `${name}: ${format(values.findLast((value) => value !== null) ?? 0)}`);
  return <div ref={place} role="img" aria-label={`${label}. ${last.join(', ')}`} style={{ minHeight: height }} />;
}

/** Whether it would not be seen as a line. */
function isSinglePoint(values: uPlot.AlignedData[number] | undefined): boolean {
  return [...(values ?? [])].filter((value) => value != null).length === 1;
}
