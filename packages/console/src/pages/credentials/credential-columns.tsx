import { Stack, Text } from '@mantine/core';
import { useMemo } from 'react';
import type { Credential } from '../../api/credentials.js';
import type { UsageCounts } from '../../api/usage.js';
import { useFormats } from '../../i18n/format.js';
import { useWords } from '../../i18n/language.js';
import type { Column } from '../../parts/data-table.js';
import { useNow } from '../../parts/use-now.js';
import { Used } from '../../parts/used.js';
import { CredentialActions } from './credential-actions.js';
import { CredentialState, ModelState } from './credential-state.js';

/**
 * What the table shows of each credential.
 * @param usage of this month, by their ids
 */
export function useCredentialColumns(
  usage: ReadonlyMap<string, UsageCounts> | undefined,
  onEdit: (credential: Credential) => void,
): Column<Credential>[] {
  const words = useWords();
  const { number } = useFormats();
  return useMemo(
    () => [
      {
        id: 'label',
        header: () => words.credentials.label,
        cell: ({ row: { original: each } }) => (
          <Stack gap={0}>
            <Text size="sm" fw={600} className="clip" maw={180} title={each.label}>
              {each.label || '–'}
            </Text>
            <Text size="xs" c="dimmed" ff="monospace">
              …{each.last4}
            </Text>
            <Text size="xs" c="dimmed">
              {words.credentials.sources[each.source]}
            </Text>
          </Stack>
        ),
      },
      {
        id: 'state',
        header: () => words.credentials.state,
        cell: ({ row }) => <CredentialState state={row.original.state} />,
      },
      {
        id: 'models',
        header: () => words.credentials.models,
        cell: ({ row }) =>
          row.original.models.length === 0 ? (
            <Text size="xs" c="dimmed">
              {words.credentials.nothingKnown}
            </Text>
          ) : (
            <Stack gap={4}>
              {row.original.models.map((model) => (
                <ModelState key={model.model} model={model} />
              ))}
            </Stack>
          ),
      },
      {
        id: 'share',
        header: () => words.credentials.share,
        cell: ({ row: { original: each } }) => (
          <Text size="sm" className="number">
            {number(each.in_use)} / {each.max_concurrency === 0 ? '∞' : number(each.max_concurrency)}
          </Text>
        ),
      },
      {
        id: 'usage',
        header: () => words.usage.month,
        cell: ({ row: { original: each } }) => <Used counts={usage?.get(each.id)} budget={each.monthly_budget_usd} />,
      },
      {
        id: 'lastUsed',
        header: () => words.credentials.lastUsed,
        cell: ({ row }) => <LastUsed at={row.original.last_used_at} />,
      },
      {
        id: 'actions',
        header: () => words.actions,
        cell: ({ row }) => <CredentialActions credential={row.original} onEdit={onEdit} />,
      },
    ],
    [words, number, usage, onEdit],
  );
}

function LastUsed({ at }: { at: string | null }) {
  const words = useWords();
  const { time, duration } = useFormats();
  const now = useNow();
  if (at === null) return '–';
  return (
    <Text size="xs" className="number" title={time(at)}>
      {words.ago(duration(now - Date.parse(at)))}
    </Text>
  );
}
