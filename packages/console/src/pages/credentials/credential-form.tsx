import { Alert, Button, Group, PasswordInput, SimpleGrid, Stack, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { type Credential, type CredentialFields, useCredentialChanges } from '../../api/credentials.js';
import { useWords } from '../../i18n/language.js';
import { NumberField } from '../../parts/number-field.js';
import { tellDone } from '../../parts/told.js';

const MOST = 1_000_000;
const MOST_USD = 900_000;
const LEAST_USD = 0.01;
const CENTS = 2;

/** Adds a credential, or changes one. */
export function CredentialForm({ credential, onDone }: { credential?: Credential; onDone: () => void }) {
  const words = useWords();
  const { add, update } = useCredentialChanges();
  const [secret, setSecret] = useState('');
  const [label, setLabel] = useState(credential?.label ?? '');
  const [baseUrl, setBaseUrl] = useState(credential?.base_url ?? '');
  const [priority, setPriority] = useState<number | null>(credential?.priority ?? null);
  const [concurrency, setConcurrency] = useState<number | null>(credential?.max_concurrency ?? null);
  const [budget, setBudget] = useState<number | null>(credential?.monthly_budget_usd ?? null);
  const error = add.error ?? update.error;

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const fields: CredentialFields = {
      label: label.trim(),
      monthly_budget_usd: budget,
      ...(baseUrl.trim() === '' ? {} : { base_url: baseUrl.trim() }),
      ...(priority === null ? {} : { priority }),
      ...(concurrency === null ? {} : { max_concurrency: concurrency }),
    };
    const onSuccess = () => {
      tellDone(words.done);
      onDone();
    };
    if (credential) update.mutate({ id: credential.id, fields }, { onSuccess });
    else add.mutate({ ...fields, secret: secret.trim() }, { onSuccess });
  };

  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        {credential ? null : (
          <PasswordInput
            label={words.credentials.secret}
            placeholder="xai-…"
            required
            autoComplete="off"
            data-autofocus
            value={secret}
            onChange={(event) => setSecret(event.currentTarget.value)}
            visibilityToggleButtonProps={{ 'aria-label': words.signIn.show }}
          />
        )}
        <TextInput
          label={words.credentials.label}
          maxLength={200}
          value={label}
          onChange={(event) => setLabel(event.currentTarget.value)}
        />
        <TextInput
          label={words.credentials.baseUrl}
          placeholder="https://api.x.ai/v1"
          type="url"
          value={baseUrl}
          onChange={(event) => setBaseUrl(event.currentTarget.value)}
        />
        <SimpleGrid cols={2} spacing="sm">
          <NumberField
            label={words.credentials.priority}
            description={words.credentials.priorityHint}
            value={priority}
            onChange={setPriority}
            min={-MOST}
            max={MOST}
          />
          <NumberField
            label={words.credentials.concurrency}
            description={words.credentials.concurrencyHint}
            value={concurrency}
            onChange={setConcurrency}
            min={0}
            max={MOST}
          />
        </SimpleGrid>
        <NumberField
          label={words.budget}
          description={words.emptyIsNone}
          value={budget}
          onChange={setBudget}
          min={LEAST_USD}
          max={MOST_USD}
          decimals={CENTS}
        />
        {error ? (
          <Alert color="red" role="alert">
            {error.message}
          </Alert>
        ) : null}
        <Group justify="end">
          <Button type="submit" loading={add.isPending || update.isPending}>
            {credential ? words.save : words.credentials.add}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
