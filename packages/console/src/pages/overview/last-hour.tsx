import { Paper, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useOverview } from '../../api/overview.js';
import { useFormats } from '../../i18n/format.js';
import { useWords } from '../../i18n/language.js';
import { Failure } from '../../parts/failure.js';
import { type Line, LineChart } from '../../parts/line-chart.js';
import { Processes } from './processes.js';

const MS = 1000;
const PERCENT = 100;

/** Every process, and charts of the last hour; for administrators. */
export function LastHour() {
  const words = useWords();
  const { number, duration, clock } = useFormats();
  const overview = useOverview();
  const points = overview.data?.points ?? [];
  const times = points.map(({ at }) => Date.parse(at));
  const seconds = (value: number) => duration(value * MS);
  const charts: { title: string; lines: Line[]; format: (value: number) => string }[] = [
    {
      title: words.overview.throughput,
      lines: [
        { name: words.overview.requests, values: points.map((point) => point.requests_per_minute) },
        { name: words.overview.completed, values: points.map((point) => point.tasks_per_minute.completed) },
        { name: words.overview.failed, values: points.map((point) => point.tasks_per_minute.failed) },
      ],
      format: number,
    },
    {
      title: words.overview.errorRate,
      lines: [{ name: words.overview.errorRate, values: points.map((point) => point.error_rate) }],
      format: (value) => `${number(value * PERCENT)} %`,
    },
    {
      title: words.overview.queueDepth,
      lines: [
        { name: words.kinds.video, values: points.map(({ queue }) => queue.video.waiting) },
        { name: words.kinds.image, values: points.map(({ queue }) => queue.image.waiting) },
      ],
      format: number,
    },
    {
      title: words.overview.queueAge,
      lines: [
        { name: words.kinds.video, values: points.map(({ queue }) => queue.video.oldest_seconds) },
        { name: words.kinds.image, values: points.map(({ queue }) => queue.image.oldest_seconds) },
      ],
      format: seconds,
    },
    {
      title: words.overview.firstToken,
      lines: [{ name: words.overview.firstToken, values: points.map((point) => point.first_token_seconds) }],
      format: seconds,
    },
  ];
  return (
    <Stack>
      {overview.error ? <Failure error={overview.error} /> : null}
      <Processes processes={overview.data?.processes ?? []} />
      <Title order={2} size="h4">
        {words.overview.lastHour}
      </Title>
      {points.length === 0 ? (
        <Text c="dimmed" role="status">
          {words.overview.noPoints}
        </Text>
      ) : (
        <SimpleGrid cols={{ base: 1, lg: 2 }}>
          {charts.map(({ title, lines, format }) => (
            <Paper key={title} withBorder p="md">
              <Title order={3} size="h6" mb="xs">
                {title}
              </Title>
              <LineChart label={title} times={times} lines={lines} format={format} formatTime={clock} />
            </Paper>
          ))}
        </SimpleGrid>
      )}
    </Stack>
  );
}
