import { PasswordInput, SimpleGrid, Stack, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { type Credential, type CredentialFields, useCredentialChanges } from '../../api/credentials.js';
import { useWords } from '../../i18n/language.js';
import { BudgetField } from '../../parts/budget-field.js';
import { FormEnd } from '../../parts/form-end.js';
import { NumberField } from '../../parts/number-field.js';
import { tellDone } from '../../parts/told.js';

const MOST = 1_000_000;
const MOST_PER_SECOND = 100_000;

/** Adds a credential, or changes one. */
export function CredentialForm({ credential, onDone }: { credential?: Credential; onDone: () => void }) {
  const words = useWords();
  const { add, update } = useCredentialChanges();
  const [secret, setSecret] = useState('');
  const [label, setLabel] = useState(credential?.label ?? '');
  const [baseUrl, setBaseUrl] = useState(credential?.base_url ?? '');
  const [priority, setPriority] = useState<number | null>(credential?.priority ?? null);
  const [concurrency, setConcurrency] = useState<number | null>(credential?.max_concurrency ?? null);
  const [perSecond, setPerSecond] = useState<number | null>(credential?.requests_per_second ?? null);
  const [proxyUrl, setProxyUrl] = useState(credential?.proxy_url ?? '');
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
      ...(perSecond === null ? {} : { requests_per_second: perSecond }),
      // It is shown without its login, which one that is sent back would lose.
      ...(proxyUrl.trim() === (credential?.proxy_url ?? '') ? {} : { proxy_url: proxyUrl.trim() || null }),
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
        <TextInput
          label={words.credentials.proxyUrl}
          description={words.credentials.proxyHint}
          placeholder="http://user:password@proxy:3128"
          value={proxyUrl}
          onChange={(event) => setProxyUrl(event.currentTarget.value)}
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
          <NumberField
            label={words.credentials.perSecond}
            description={words.credentials.concurrencyHint}
            value={perSecond}
            onChange={setPerSecond}
            min={0}
            max={MOST_PER_SECOND}
          />
          <BudgetField value={budget} onChange={setBudget} />
        </SimpleGrid>
        <FormEnd
          error={error}
          isBusy={add.isPending || update.isPending}
          label={credential ? words.save : words.credentials.add}
        />
      </Stack>
    </form>
  );
}
