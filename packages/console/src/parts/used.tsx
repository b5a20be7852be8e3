import { Progress, Stack, Text } from '@mantine/core';
import type { UsageCounts } from '../api/usage.js';
import { useFormats } from '../i18n/format.js';
import { useWords } from '../i18n/language.js';

const PERCENT = 100;

/** What was used this month, and how much of the budget that is where there is one. */
export function Used({ counts, budget }: { counts: UsageCounts | undefined; budget: number | null }) {
  const words = useWords();
  const { number, usd } = useFormats();
  const cost = counts?.cost_usd ?? 0;
  return (
    <Stack gap={2} w={120}>
      <Text size="sm" className="number">
        {usd(cost)}
        {budget === null ? '' : ` / ${usd(budget)}`}
      </Text>
      <Text size="xs" c="dimmed" className="number">
        {words.usage.requests(number(counts?.requests ?? 0))}
      </Text>
      {budget === null ? null : (
        <Progress.Root size="sm">
          <Progress.Section value={Math.min(PERCENT, (cost / budget) * PERCENT)} aria-label={words.usage.ofBudget} />
        </Progress.Root>
      )}
    </Stack>
  );
}
