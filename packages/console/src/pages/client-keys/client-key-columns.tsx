import { Badge, Stack, Text } from '@mantine/core';
import { useMemo } from 'react';
import type { ClientKey } from '../../api/client-keys.js';
import type { UsageCounts } from '../../api/usage.js';
import { useFormats } from '../../i18n/format.js';
import { useWords } from '../../i18n/language.js';
import type { Column } from '../../parts/data-table.js';
import { Used } from '../../parts/used.js';
import { ClientKeyActions } from './client-key-actions.js';

/**
 * What the table shows of each client key.
 * @param usage of this month, by their ids
 */
export function useClientKeyColumns(
  usage: ReadonlyMap<string, UsageCounts> | undefined,
  onEdit: (key: ClientKey) => void,
  onSecret: (secret: string) => void,
): Column<ClientKey>[] {
  const words = useWords();
  const { time, number } = useFormats();
  return useMemo(
    () => [
      {
        id: 'name',
        header: () => words.clientKeys.name,
        cell: ({ row: { original: key } }) => (
          <Stack gap={0}>
            <Text size="sm" fw={600} className="clip" maw={220} title={key.name}>
              {key.name}
            </Text>
            <Text size="xs" c="dimmed" ff="monospace">
              …{key.last4}
            </Text>
          </Stack>
        ),
      },
      { id: 'state', header: () => words.clientKeys.state, cell: ({ row }) => <KeyState clientKey={row.original} /> },
      {
        id: 'limits',
        header: () => words.clientKeys.limits,
        cell: ({ row: { original: key } }) => {
          const limits = [
            key.requests_per_minute === null ? [] : words.clientKeys.perMinute(number(key.requests_per_minute)),
            key.max_concurrency === null ? [] : words.clientKeys.atATime(number(key.max_concurrency)),
            key.models === null ? [] : key.models.join(', '),
          ].flat();
          return (
            <Text size="xs" lineClamp={3} maw={240}>
              {limits.length === 0 ? words.clientKeys.noLimit : limits.join(' · ')}
            </Text>
          );
        },
      },
      {
        id: 'usage',
        header: () => words.usage.month,
        cell: ({ row: { original: key } }) => <Used counts={usage?.get(key.id)} budget={key.monthly_budget_usd} />,
      },
      {
        id: 'created',
        header: () => words.tasks.created,
        cell: ({ row }) => (
          <Text size="xs" className="number">
            {time(row.original.created_at)}
          </Text>
        ),
      },
      {
        id: 'expires',
        header: () => words.clientKeys.expires,
        cell: ({ row }) => (
          <Text size="xs" className="number">
            {row.original.expires_at === null ? '–' : time(row.original.expires_at)}
          </Text>
        ),
      },
      {
        id: 'actions',
        header: () => words.actions,
        cell: ({ row }) => <ClientKeyActions clientKey={row.original} onEdit={onEdit} onSecret={onSecret} />,
      },
    ],
    [words, time, number, usage, onEdit, onSecret],
  );
}

function KeyState({ clientKey: { revoked_at, expires_at, budget_exhausted_in } }: { clientKey: ClientKey }) {
  const words = useWords();
  const [color, state] = ((): [string, keyof typeof words.clientKeys.states] => {
    if (revoked_at !== null) return ['gray', 'revoked'];
    if (expires_at !== null && Date.parse(expires_at) <= Date.now()) return ['gray', 'expired'];
    if (budget_exhausted_in === new Date().toISOString().slice(0, budget_exhausted_in?.length))
      return ['orange', 'exhausted'];
    return ['teal', 'good'];
  })();
  return (
    <Badge color={color} variant="light" autoContrast>
      {words.clientKeys.states[state]}
    </Badge>
  );
}
