import { CALLBACK_STATES, type CallbackState } from '@grok2api/contracts';
import { Drawer, Skeleton, Stack } from '@mantine/core';
import { useState } from 'react';
import { useCallbacks, useOneCallback } from '../../api/callbacks.js';
import { useWords } from '../../i18n/language.js';
import { CallbackCard } from '../../parts/callback-card.js';
import { Failure } from '../../parts/failure.js';
import { PagedTable } from '../../parts/paged-table.js';
import { StateFilter } from '../../parts/state-filter.js';
import { useCallbackColumns } from './callback-columns.js';

/** What is told of the ends of tasks, for administrators. */
export function Callbacks() {
  const words = useWords();
  const [state, setState] = useState<CallbackState>();
  const [opened, open] = useState<string>();
  const list = useCallbacks(state);
  const columns = useCallbackColumns(open);
  const rows = list.data?.pages.flatMap(({ data }) => data) ?? [];
  return (
    <Stack>
      <StateFilter
        label={words.callbacks.state}
        all={words.callbacks.allStates}
        states={CALLBACK_STATES}
        nameOf={(each) => words.callbacks.states[each]}
        value={state}
        onChange={setState}
      />
      <PagedTable
        list={list}
        label={words.pages.callbacks}
        columns={columns}
        rows={rows}
        idOf={({ id }) => id}
        nameOf={({ task_id }) => task_id}
        empty={words.callbacks.empty}
        onOpen={({ id }) => open(id)}
      />
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
