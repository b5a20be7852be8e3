import {
  TASK_KINDS,
  TASK_STATES,
  type TaskKind,
  type TaskState,
  taskKindSchema,
  taskStateSchema,
} from '@grok2api/contracts';
import { Group, SegmentedControl, Stack, Text } from '@mantine/core';
import type { RowSelectionState } from '@tanstack/react-table';
import { useState } from 'react';
import { useSearchParams } from 'wouter';
import { useTaskList } from '../../api/tasks.js';
import { useWords } from '../../i18n/language.js';
import { PagedTable } from '../../parts/paged-table.js';
import { StateFilter } from '../../parts/state-filter.js';
import type { PageProps } from '../../shell/pages.js';
import { BulkActions } from './bulk-actions.js';
import { useTaskColumns } from './task-columns.js';
import { TaskDrawer } from './task-drawer.js';

/** The tasks of whoever looks, live. */
export function Tasks({ session }: PageProps) {
  const words = useWords();
  const [search, setSearch] = useSearchParams();
  const kind: TaskKind = taskKindSchema.catch('video').parse(search.get('kind'));
  const status = taskStateSchema.safeParse(search.get('status')).data;
  const opened = search.get('task');
  const [chosen, choose] = useState<RowSelectionState>({});

  const list = useTaskList(kind, status);
  const columns = useTaskColumns(kind);
  const rows = list.data?.pages.flatMap(({ tasks }) => tasks) ?? [];
  const total = list.data?.pages[0];

  const show = (changed: { kind?: TaskKind; status?: TaskState | undefined; task?: string | undefined }) => {
    const next = { kind, status, task: opened ?? undefined, ...changed };
    setSearch(Object.entries(next).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
  };

  return (
    <Stack>
      <Group>
        <SegmentedControl
          value={kind}
          onChange={(value) => {
            choose({});
            show({ kind: taskKindSchema.parse(value), task: undefined });
          }}
          data={TASK_KINDS.map((value) => ({ value, label: words.kinds[value] }))}
          aria-label={words.tasks.kind}
        />
        <StateFilter
          label={words.tasks.state}
          all={words.tasks.allStates}
          states={TASK_STATES}
          nameOf={(state) => words.states[state]}
          value={status}
          onChange={(state) => {
            choose({});
            show({ status: state });
          }}
        />
        <Text size="sm" c="dimmed" role="status">
          {total ? words.tasks.total(total.total, total.total_is_capped === true) : ''}
        </Text>
        <BulkActions kind={kind} chosen={rows.filter(({ task_id }) => chosen[task_id])} onDone={() => choose({})} />
      </Group>
      <PagedTable
        list={list}
        label={words.pages.tasks}
        columns={columns}
        rows={rows}
        idOf={({ task_id }) => task_id}
        nameOf={({ prompt }) => prompt}
        empty={words.tasks.empty}
        selection={{ chosen, choose }}
        onOpen={({ task_id }) => show({ task: task_id })}
      />
      <TaskDrawer
        kind={kind}
        taskId={opened ?? undefined}
        session={session}
        onClose={() => show({ task: undefined })}
      />
    </Stack>
  );
}
