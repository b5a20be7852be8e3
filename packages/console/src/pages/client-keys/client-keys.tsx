import { Alert, Button, Group, Modal, Stack } from '@mantine/core';
import { useState } from 'react';
import { type ClientKey, useClientKeys } from '../../api/client-keys.js';
import { useUsageBy } from '../../api/usage.js';
import { useWords } from '../../i18n/language.js';
import { Icon } from '../../icons.js';
import { PagedTable } from '../../parts/paged-table.js';
import { SecretShown } from '../../parts/secret-shown.js';
import type { PageProps } from '../../shell/pages.js';
import { useClientKeyColumns } from './client-key-columns.js';
import { ClientKeyForm } from './client-key-form.js';

/** The keys that clients send, for administrators. */
export function ClientKeys({ session }: PageProps) {
  const words = useWords();
  const [open, setOpen] = useState<{ key?: ClientKey }>();
  const [secret, setSecret] = useState<{ title: string; text: string }>();
  const list = useClientKeys();
  const usage = useUsageBy('key');
  const columns = useClientKeyColumns(
    usage.data,
    (key) => setOpen({ key }),
    (text) => setSecret({ title: words.clientKeys.webhookSecret, text }),
  );
  const rows = list.data?.pages.flatMap(({ data }) => data) ?? [];
  const close = () => setOpen(undefined);
  const key = open?.key;

  return (
    <Stack>
      {session.open ? <Alert color="yellow">{words.clientKeys.closes}</Alert> : null}
      <Group justify="end">
        <Button leftSection={<Icon name="add" />} onClick={() => setOpen({})}>
          {words.clientKeys.create}
        </Button>
      </Group>
      <PagedTable
        list={list}
        label={words.pages.keys}
        columns={columns}
        rows={rows}
        idOf={({ id }) => id}
        nameOf={({ name }) => name}
        empty={words.clientKeys.empty}
      />
      <Modal
        opened={open !== undefined}
        onClose={close}
        title={key ? words.clientKeys.edit(key.name) : words.clientKeys.create}
        closeButtonProps={{ 'aria-label': words.close }}
      >
        <ClientKeyForm
          {...(key ? { clientKey: key } : {})}
          onCreated={(text) => setSecret({ title: words.clientKeys.secret, text })}
          onDone={close}
        />
      </Modal>
      <SecretShown secret={secret?.text} title={secret?.title ?? ''} onClose={() => setSecret(undefined)} />
    </Stack>
  );
}
