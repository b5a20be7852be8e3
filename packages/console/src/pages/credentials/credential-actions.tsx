import { ActionIcon, Button, Group, Menu } from '@mantine/core';
import { useState } from 'react';
import { type Credential, useCredentialChanges } from '../../api/credentials.js';
import { useWords } from '../../i18n/language.js';
import { Icon } from '../../icons.js';
import { Confirm } from '../../parts/confirm.js';
import { tellDone, tellFailed } from '../../parts/told.js';

/** What can be done with a credential. */
export function CredentialActions({
  credential,
  onEdit,
}: {
  credential: Credential;
  onEdit: (it: Credential) => void;
}) {
  const words = useWords();
  const { test, act, remove } = useCredentialChanges();
  const [isAsking, setAsking] = useState(false);
  const { id, enabled } = credential;
  const name = credential.label || credential.last4;

  const onTest = () =>
    test.mutate(id, {
      onSuccess: ({ usable, reason }) => {
        if (usable) tellDone(words.credentials.works(name));
        else tellFailed(new Error(words.credentials.worksNot(name, reason ?? '')));
      },
      onError: tellFailed,
    });
  const onAct = (action: 'enable' | 'disable' | 'clear-cooling') =>
    act.mutate({ id, action }, { onSuccess: () => tellDone(words.done), onError: tellFailed });

  return (
    <Group gap={4} wrap="nowrap">
      <Button size="compact-sm" variant="default" loading={test.isPending} onClick={onTest}>
        {words.credentials.test}
      </Button>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" aria-label={words.moreOf(name)}>
            <Icon name="more" />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => onEdit(credential)}>{words.edit}</Menu.Item>
          <Menu.Item onClick={() => onAct(enabled ? 'disable' : 'enable')}>
            {enabled ? words.credentials.disable : words.credentials.enable}
          </Menu.Item>
          <Menu.Item onClick={() => onAct('clear-cooling')}>{words.credentials.clearCooling}</Menu.Item>
          <Menu.Item color="red" onClick={() => setAsking(true)}>
            {words.remove}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Confirm
        question={isAsking ? words.credentials.askRemove(name) : undefined}
        action={words.remove}
        isBusy={remove.isPending}
        onCancel={() => setAsking(false)}
        onConfirm={() => remove.mutate(id, { onError: tellFailed, onSettled: () => setAsking(false) })}
      />
    </Group>
  );
}
