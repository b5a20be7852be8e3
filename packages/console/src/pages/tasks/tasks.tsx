import {
  TASK_KINDS,
  TASK_STATES,
  type TaskKind,
  type TaskState,
  taskKindSchema,
  taskStateSchema,
} from '@grok2api/contracts';
import { Button, Group, Paper, SegmentedControl, Select, Stack, Text } from '@mantine/core';
import type { RowSelectionState } from '@tanstack/react-table';
import { useState } from 'react';
import { useSearchParams } from 'wouter';
import { useTaskChanges, useTaskList } from '../../api/tasks.js';
import { useWords } from '../../i18n/language.js';
import { Confirm } from '../../parts/confirm.js';
import { DataTable } from '../../parts/data-table.js';
import { Failure } from '../../parts/failure.js';
import { tellDone, tellFailed } from '../../parts/told.js';
import type { PageProps } from '../../shell/pages.js';
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
  const [asked, ask] = useState<string>();

  const list = useTaskList(kind, status);
  const changes = useTaskChanges(kind);
  const columns = useTaskColumns(kind);
  const rows = list.data?.pages.flatMap(({ tasks }) => tasks) ?? [];
  const total = list.data?.pages[0];
  const ids = Object.keys(chosen).filter((id) => rows.some(({ task_id }) => task_id === id));

  const show = (changed: { kind?: TaskKind; status?: TaskState | undefined; task?: string | undefined }) => {
    const next = { kind, status, task: opened ?? undefined, ...changed };
    setSearch(Object.entries(next).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
  };
  const removeChosen = () =>
    changes.remove.mutate(ids, {
      onSuccess: ({ message }) => {
        tellDone(message);
        choose({});
      },
      onError: tellFailed,
      onSettled: () => ask(undefined),
    });

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
        <Select
          aria-label={words.tasks.state}
          placeholder={words.tasks.allStates}
          clearable
          clearButtonProps={{ 'aria-label': words.tasks.allStates }}
          w={170}
          data={TASK_STATES.map((value) => ({ value, label: words.states[value] }))}
          value={status ?? null}
          onChange={(value) => {
            choose({});
            show({ status: taskStateSchema.safeParse(value).data });
          }}
        />
        <Text size="sm" c="dimmed" role="status">
          {total ? words.tasks.total(total.total, total.total_is_capped === true) : ''}
        </Text>
        <Button
          ml="auto"
          color="red"
          variant="light"
          disabled={ids.length === 0}
          onClick={() => ask(words.tasks.askRemove(ids.length))}
        >
          {words.tasks.remove(ids.length)}
        </Button>
      </Group>
      {list.error ? <Failure error={list.error} retry={() => void list.refetch()} /> : null}
      <Paper withBorder>
        {list.isPending ? null : (
          <DataTable
            label={words.pages.tasks}
            columns={columns}
            rows={rows}
            idOf={({ task_id }) => task_id}
            nameOf={({ prompt }) => prompt}
            empty={words.tasks.empty}
            selection={{ chosen, choose }}
            onOpen={({ task_id }) => show({ task: task_id })}
          />
        )}
      </Paper>
      {list.hasNextPage ? (
        <Button variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {words.more}
        </Button>
      ) : null}
      <TaskDrawer
        kind={kind}
        taskId={opened ?? undefined}
        session={session}
        onClose={() => show({ task: undefined })}
      />
      <Confirm
        question={asked}
        action={words.tasks.remove(ids.length)}
        isBusy={changes.remove.isPending}
        onConfirm={removeChosen}
        onCancel={() => ask(undefined)}
      />
    </Stack>
  );
}
