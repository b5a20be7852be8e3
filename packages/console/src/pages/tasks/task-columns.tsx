import type { TaskKind } from '@grok2api/contracts';
import { Anchor, Progress, Stack, Text } from '@mantine/core';
import { type MouseEvent, useMemo } from 'react';
import { Link } from 'wouter';
import type { TaskFields } from '../../api/tasks.js';
import { useFormats } from '../../i18n/format.js';
import { useWords } from '../../i18n/language.js';
import type { Column } from '../../parts/data-table.js';
import { StateBadge } from '../../parts/state-badge.js';
import { useNow } from '../../parts/use-now.js';
import { TaskThumbnail } from './task-thumbnail.js';
import { taskTimes } from './task-times.js';

const PROMPT_PX = 280;

/** What the table shows of each task. */
export function useTaskColumns(kind: TaskKind): Column<TaskFields>[] {
  const words = useWords();
  const formats = useFormats();
  return useMemo(
    () => [
      { id: 'thumbnail', header: () => words.tasks.result, cell: ({ row }) => <TaskThumbnail task={row.original} /> },
      {
        id: 'prompt',
        header: () => words.prompt,
        cell: ({ row: { original: task } }) => (
          <Stack gap={0} maw={PROMPT_PX}>
            <Anchor
              component={Link}
              href={`/tasks?kind=${kind}&task=${task.task_id}`}
              size="sm"
              className="clip"
              c="var(--mantine-color-text)"
              title={task.prompt}
              onClick={(event: MouseEvent) => event.stopPropagation()}
            >
              {task.prompt}
            </Anchor>
            <Text size="xs" c="dimmed" className="clip">
              {task.model}
            </Text>
          </Stack>
        ),
      },
      {
        id: 'state',
        header: () => words.tasks.state,
        cell: ({ row: { original: task } }) => (
          <Stack gap={4} w={120} align="start">
            <StateBadge state={task.status} />
            {task.status === 'running' ? (
              <Progress.Root w="100%" size="sm">
                <Progress.Section value={task.progress} aria-label={words.progress} />
              </Progress.Root>
            ) : null}
            {task.error ? (
              <Text size="xs" c="red" lineClamp={2} title={task.error.message}>
                {task.error.code}
              </Text>
            ) : null}
          </Stack>
        ),
      },
      { id: 'times', header: () => words.tasks.times, cell: ({ row }) => <Times task={row.original} /> },
      {
        id: 'attempts',
        header: () => words.tasks.attempted,
        cell: ({ row }) => (
          <Text size="sm" className="number">
            {row.original.attempts}
          </Text>
        ),
      },
      {
        id: 'created',
        header: () => words.tasks.created,
        cell: ({ row }) => (
          <Text size="sm" className="number">
            {formats.time(row.original.created_at)}
          </Text>
        ),
      },
      {
        id: 'cost',
        header: () => words.cost,
        cell: ({ row: { original: task } }) => (
          <Text size="sm" className="number">
            {task.cost_usd === undefined ? '–' : formats.usd(task.cost_usd)}
          </Text>
        ),
      },
    ],
    [kind, words, formats],
  );
}

function Times({ task }: { task: TaskFields }) {
  const words = useWords();
  const { duration } = useFormats();
  const { pending, running } = taskTimes(task, useNow());
  return (
    <Text size="xs" className="number" component="div">
      <div>
        {words.states.pending} {duration(pending)}
      </div>
      {running === undefined ? null : (
        <div>
          {words.states.running} {duration(running)}
        </div>
      )}
    </Text>
  );
}
