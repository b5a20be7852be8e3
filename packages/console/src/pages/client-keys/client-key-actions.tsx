import { ActionIcon, Menu } from '@mantine/core';
import { useState } from 'react';
import { type ClientKey, useClientKeyChanges } from '../../api/client-keys.js';
import { useWords } from '../../i18n/language.js';
import { Icon } from '../../icons.js';
import { Confirm } from '../../parts/confirm.js';
import { tellDone, tellFailed } from '../../parts/told.js';

export interface ClientKeyActionsProps {
  clientKey: ClientKey;
  onEdit: (key: ClientKey) => void;
  /** It was given a secret for callbacks, which is shown once. */
  onSecret: (secret: string) => void;
}

/** What can be done with a client key. */
export function ClientKeyActions({ clientKey, onEdit, onSecret }: ClientKeyActionsProps) {
  const words = useWords();
  const { revoke, renewWebhookSecret } = useClientKeyChanges();
  const [isAsking, setAsking] = useState(false);
  const { id, name, revoked_at } = clientKey;
  if (revoked_at !== null) return null;
  return (
    <>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" aria-label={words.moreOf(name)}>
            <Icon name="more" />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => onEdit(clientKey)}>{words.edit}</Menu.Item>
          <Menu.Item
            onClick={() =>
              renewWebhookSecret.mutate(id, {
                onSuccess: ({ webhook_secret }) => onSecret(webhook_secret),
                onError: tellFailed,
              })
            }
          >
            {words.clientKeys.renewWebhookSecret}
          </Menu.Item>
          <Menu.Item color="red" onClick={() => setAsking(true)}>
            {words.clientKeys.revoke}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Confirm
        question={isAsking ? words.clientKeys.askRevoke(name) : undefined}
        action={words.clientKeys.revoke}
        isBusy={revoke.isPending}
        onCancel={() => setAsking(false)}
        onConfirm={() =>
          revoke.mutate(id, {
            onSuccess: () => tellDone(words.done),
            onError: tellFailed,
            onSettled: () => setAsking(false),
          })
        }
      />
    </>
  );
}
