import type { OverviewProcess } from '@grok2api/contracts';
import { Badge, Paper, Text, Title } from '@mantine/core';
import { useMemo } from 'react';
import { useFormats } from '../../i18n/format.js';
import { useWords } from '../../i18n/language.js';
import { type Column, DataTable } from '../../parts/data-table.js';
import { useNow } from '../../parts/use-now.js';

const COLORS = { ready: 'teal', not_ready: 'orange', silent: 'red' } as const;
const BYTES_PER_MB = 1_000_000;

/** Every process of the system, with how it is. */
export function Processes({ processes }: { processes: OverviewProcess[] }) {
  const words = useWords();
  const { number } = useFormats();
  const columns = useMemo(
    (): Column<OverviewProcess>[] => [
      { id: 'service', header: () => words.overview.service, cell: ({ row }) => row.original.service },
      { id: 'instance', header: () => words.overview.instance, cell: ({ row }) => row.original.instance },
      {
        id: 'state',
        header: () => words.overview.state,
        cell: ({ row }) => (
          <Badge color={COLORS[row.original.state]} variant="light" autoContrast>
            {words.overview.states[row.original.state]}
          </Badge>
        ),
      },
      {
        id: 'memory',
        header: () => words.overview.memory,
        cell: ({ row: { original: each } }) => (
          <Text size="sm" className="number">
            {each.memory_bytes === null ? '–' : `${number(each.memory_bytes / BYTES_PER_MB)} MB`}
          </Text>
        ),
      },
      { id: 'up', header: () => words.overview.up, cell: ({ row }) => <Up since={row.original.started_at} /> },
    ],
    [words, number],
  );
  return (
    <section aria-labelledby="processes">
      <Title order={2} size="h4" mb="sm" id="processes">
        {words.overview.processes}
      </Title>
      <Paper withBorder>
        <DataTable
          label={words.overview.processes}
          columns={columns}
          rows={processes}
          idOf={({ service, instance, started_at }) => `${service} ${instance} ${started_at}`}
          nameOf={({ instance }) => instance}
          empty={words.overview.noProcesses}
        />
      </Paper>
    </section>
  );
}

function Up({ since }: { since: string | null }) {
  const { duration } = useFormats();
  const now = useNow();
  return (
    <Text size="sm" className="number">
      {since === null ? '–' : duration(now - Date.parse(since))}
    </Text>
  );
}
