import { CALLBACK_STATES, callbackStateSchema } from '@grok2api/contracts';
import { Button, Drawer, Paper, Select, Skeleton, Stack } from '@mantine/core';
import { useState } from 'react';
import { useCallbacks, useOneCallback } from '../../api/callbacks.js';
import { useWords } from '../../i18n/language.js';
import { CallbackCard } from '../../parts/callback-card.js';
import { DataTable } from '../../parts/data-table.js';
import { Failure } from '../../parts/failure.js';
import { useCallbackColumns } from './callback-columns.js';

/** What is told of the ends of tasks, for administrators. */
export function Callbacks() {
  const words = useWords();
  const [state, setState] = useState<string | null>(null);
  const [opened, open] = useState<string>();
  const list = useCallbacks(callbackStateSchema.safeParse(state).data);
  const columns = useCallbackColumns(open);
  const rows = list.data?.pages.flatMap(({ data }) => data) ?? [];
  return (
    <Stack>
      <Select
        aria-label={words.callbacks.state}
        placeholder={words.callbacks.allStates}
        clearable
        clearButtonProps={{ 'aria-label': words.callbacks.allStates }}
        w={170}
        data={CALLBACK_STATES.map((value) => ({ value, label: words.callbacks.states[value] }))}
        value={state}
        onChange={setState}
      />
      {list.error ? <Failure error={list.error} retry={() => void list.refetch()} /> : null}
      <Paper withBorder>
        {list.isPending ? null : (
          <DataTable
            label={words.pages.callbacks}
            columns={columns}
            rows={rows}
            idOf={({ id }) => id}
            nameOf={({ task_id }) => task_id}
            empty={words.callbacks.empty}
            onOpen={({ id }) => open(id)}
          />
        )}
      </Paper>
      {list.hasNextPage ? (
        <Button variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {words.more}
        </Button>
      ) : null}
      <Drawer
        opened={opened !== undefined}
        onClose={() => open(undefined)}
        position="right"
        size="lg"
        title={words.callbacks.one}
        closeButtonProps={{ 'aria-label': words.close }}
      >
        {opened === undefined ? null : <OneCallback id={opened} />}
      </Drawer>
    </Stack>
  );
}

function OneCallback({ id }: { id: string }) {
  const callback = useOneCallback(id);
  if (callback.error) return <Failure error={callback.error} />;
  return callback.data ? <CallbackCard callback={callback.data} /> : <Skeleton h={160} />;
}
