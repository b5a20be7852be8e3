import { Paper, Text, Title } from '@mantine/core';
import { useUsageByDay } from '../../api/usage.js';
import { useFormats } from '../../i18n/format.js';
import { useWords } from '../../i18n/language.js';
import { Failure } from '../../parts/failure.js';
import { LineChart } from '../../parts/line-chart.js';

const DAYS = 14;
const DAY_MS = 86_400_000;

/** What each of the last days cost: of all for administrators, else of whoever looks. */
export function SpendPerDay({ isAdmin }: { isAdmin: boolean }) {
  const words = useWords();
  const { usd, day } = useFormats();
  const days = lastDays(Date.now());
  const usage = useUsageByDay(isAdmin, days[0] ?? '');
  const byDay = new Map(usage.data?.map(({ day: date, cost_usd }) => [date, cost_usd]));
  const costs = days.map((date) => byDay.get(date) ?? 0);
  return (
    <section aria-labelledby="spend">
      <Title order={2} size="h4" mb="sm" id="spend">
        {words.overview.spend}
      </Title>
      {usage.error ? <Failure error={usage.error} /> : null}
      <Paper withBorder p="md">
        <Text size="sm" c="dimmed" className="number">
          {words.overview.spendTotal(usd(costs.reduce((sum, cost) => sum + cost, 0)), DAYS)}
        </Text>
        <LineChart
          label={words.overview.spend}
          times={days.map((date) => Date.parse(date))}
          lines={[{ name: words.cost, values: costs }]}
          format={usd}
          formatTime={day}
          bars
        />
      </Paper>
    </section>
  );
}

/** The last days by UTC, today included, oldest first. */
function lastDays(now: number): string[] {
  return Array.from({ length: DAYS }, (_, index) =>
    new Date(now - (DAYS - 1 - index) * DAY_MS).toISOString().slice(0, 'YYYY-MM-DD'.length),
  );
}
