import { Button, Group, Modal, Stack, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';
import { type Credential, useCredentials } from '../../api/credentials.js';
import { useUsageBy } from '../../api/usage.js';
import { useWords } from '../../i18n/language.js';
import { Icon } from '../../icons.js';
import { PagedTable } from '../../parts/paged-table.js';
import { StateFilter } from '../../parts/state-filter.js';
import { useCredentialColumns } from './credential-columns.js';
import { CredentialForm } from './credential-form.js';
import { CREDENTIAL_STATES } from './credential-state.js';
import { ImportCredentials } from './import-credentials.js';

const TYPING_MS = 300;

type Open = { what: 'add' } | { what: 'import' } | { what: 'edit'; credential: Credential };

/** The keys of the upstream, for administrators. */
export function Credentials() {
  const words = useWords();
  const [state, setState] = useState<(typeof CREDENTIAL_STATES)[number]>();
  const [typed, setTyped] = useState('');
  const [search] = useDebouncedValue(typed, TYPING_MS);
  const [open, setOpen] = useState<Open>();
  const list = useCredentials({ state, search });
  const usage = useUsageBy('credential');
  const columns = useCredentialColumns(usage.data, (credential) => setOpen({ what: 'edit', credential }));
  const rows = list.data?.pages.flatMap(({ data }) => data) ?? [];
  const close = () => setOpen(undefined);

  return (
    <Stack>
      <Group>
        <TextInput
          aria-label={words.credentials.search}
          placeholder={words.credentials.search}
          leftSection={<Icon name="search" />}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
        <StateFilter
          label={words.credentials.state}
          all={words.credentials.allStates}
          states={CREDENTIAL_STATES}
          nameOf={(each) => words.credentialStates[each]}
          value={state}
          onChange={setState}
        />
        <Group ml="auto">
          <Button variant="default" onClick={() => setOpen({ what: 'import' })}>
            {words.credentials.import}
          </Button>
          <Button leftSection={<Icon name="add" />} onClick={() => setOpen({ what: 'add' })}>
            {words.credentials.add}
          </Button>
        </Group>
      </Group>
      <PagedTable
        list={list}
        label={words.pages.credentials}
        columns={columns}
        rows={rows}
        idOf={({ id }) => id}
        nameOf={({ label }) => label}
        empty={words.credentials.empty}
      />
      <Modal
        opened={open !== undefined}
        onClose={close}
        size={open?.what === 'import' ? 'lg' : 'md'}
        title={open ? words.credentials.titles[open.what] : ''}
        closeButtonProps={{ 'aria-label': words.close }}
      >
        {open?.what === 'import' ? <ImportCredentials onDone={close} /> : null}
        {open?.what === 'add' ? <CredentialForm onDone={close} /> : null}
        {open?.what === 'edit' ? <CredentialForm credential={open.credential} onDone={close} /> : null}
      </Modal>
    </Stack>
  );
}
