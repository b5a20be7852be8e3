import { TASK_STATES, type TaskKind, type TaskState } from '@grok2api/contracts';
import { ActionIcon, Button, Group, Menu } from '@mantine/core';
import { useState } from 'react';
import { isUnfinished, type TaskFields, useTaskChanges } from '../../api/tasks.js';
import { useWords } from '../../i18n/language.js';
import { Icon } from '../../icons.js';
import { Confirm } from '../../parts/confirm.js';
import { tellDone, tellFailed } from '../../parts/told.js';

export interface BulkActionsProps {
  kind: TaskKind;
  chosen: readonly TaskFields[];
  onDone: () => void;
}

/** What can be done with many tasks: those that are chosen, or all in a state. */
export function BulkActions({ kind, chosen, onDone }: BulkActionsProps) {
  const words = useWords();
  const { cancelMany, remove, removeByStatus } = useTaskChanges(kind);
  const [asked, ask] = useState<'chosen' | TaskState>();
  const ids = chosen.map(({ task_id }) => task_id);
  const unfinished = chosen.filter(isUnfinished).map(({ task_id }) => task_id);
  const action = asked === undefined || asked === 'chosen' ? words.tasks.remove(ids.length) : words.remove;
  const question = () => {
    if (asked === undefined) return undefined;
    return asked === 'chosen' ? words.tasks.askRemove(ids.length) : words.tasks.askRemoveByState(words.states[asked]);
  };

  const confirmed = () => {
    const told = {
      onSuccess: ({ message }: { message: string }) => {
        tellDone(message);
        onDone();
      },
      onError: tellFailed,
      onSettled: () => ask(undefined),
    };
    if (asked === 'chosen') remove.mutate(ids, told);
    else if (asked !== undefined) removeByStatus.mutate(asked, told);
  };

  return (
    <Group ml="auto" gap="xs">
      <Button
        variant="default"
        disabled={unfinished.length === 0}
        loading={cancelMany.isPending}
        onClick={() => cancelMany.mutate(unfinished, { onSuccess: () => tellDone(words.done) })}
      >
        {words.tasks.cancelMany(unfinished.length)}
      </Button>
      <Button color="red" variant="light" disabled={ids.length === 0} onClick={() => ask('chosen')}>
        {words.tasks.remove(ids.length)}
      </Button>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <ActionIcon variant="default" size="lg" aria-label={words.tasks.bulk} title={words.tasks.bulk}>
            <Icon name="more" />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {TASK_STATES.map((state) => (
            <Menu.Item key={state} color="red" onClick={() => ask(state)}>
              {words.tasks.removeByState(words.states[state])}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <Confirm
        question={question()}
        action={action}
        isBusy={remove.isPending || removeByStatus.isPending}
        onConfirm={confirmed}
        onCancel={() => ask(undefined)}
      />
    </Group>
  );
}
