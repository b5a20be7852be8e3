import { Anchor, Text } from '@mantine/core';
import { useMemo } from 'react';
import type { Callback } from '../../api/callbacks.js';
import { useFormats } from '../../i18n/format.js';
import { useWords } from '../../i18n/language.js';
import { CallbackState } from '../../parts/callback-state.js';
import type { Column } from '../../parts/data-table.js';

const URL_PX = 300;

/** What the table shows of each callback. */
export function useCallbackColumns(onOpen: (id: string) => void): Column<Callback>[] {
  const words = useWords();
  const { time, number } = useFormats();
  return useMemo(() => {
    const when = (iso: string | null) => (
      <Text size="xs" className="number">
        {iso === null ? '–' : time(iso)}
      </Text>
    );
    return [
      {
        id: 'url',
        header: () => words.callbacks.receiver,
        cell: ({ row: { original: each } }) => (
          <div>
            <Anchor
              component="button"
              type="button"
              size="sm"
              ta="start"
              className="clip"
              c="var(--mantine-color-text)"
              maw={URL_PX}
              title={each.url}
              onClick={() => onOpen(each.id)}
            >
              {each.url}
            </Anchor>
            <Text size="xs" c="dimmed" ff="monospace" className="clip" maw={URL_PX}>
              {each.task_id}
            </Text>
          </div>
        ),
      },
      {
        id: 'state',
        header: () => words.callbacks.state,
        cell: ({ row }) => <CallbackState state={row.original.state} />,
      },
      { id: 'owner', header: () => words.callbacks.owner, cell: ({ row }) => row.original.owner },
      {
        id: 'attempts',
        header: () => words.callbacks.attempts,
        cell: ({ row }) => <span className="number">{number(row.original.attempts)}</span>,
      },
      { id: 'ended', header: () => words.callbacks.ended, cell: ({ row }) => when(row.original.ended_at) },
      { id: 'next', header: () => words.callbacks.next, cell: ({ row }) => when(row.original.next_attempt_at) },
    ];
  }, [words, time, number, onOpen]);
}
