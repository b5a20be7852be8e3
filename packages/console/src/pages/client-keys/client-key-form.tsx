import { SimpleGrid, Stack, TagsInput, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { type ClientKey, type ClientKeyFields, useClientKeyChanges } from '../../api/client-keys.js';
import { useModels } from '../../api/models.js';
import { useWords } from '../../i18n/language.js';
import { BudgetField } from '../../parts/budget-field.js';
import { FormEnd } from '../../parts/form-end.js';
import { NumberField } from '../../parts/number-field.js';
import { tellDone } from '../../parts/told.js';

const MOST_PER_MINUTE = 1_000_000;
const MOST_AT_A_TIME = 100_000;
/** `2026-11-25T13:40`: what an input of a local time takes. */
const MINUTES = 16;
const MS_PER_MINUTE = 60_000;

export interface ClientKeyFormProps {
  clientKey?: ClientKey;
  /** A key was made; its secret is shown once. */
  onCreated: (secret: string) => void;
  onDone: () => void;
}

/** Makes a client key, or changes one. */
export function ClientKeyForm({ clientKey, onCreated, onDone }: ClientKeyFormProps) {
  const words = useWords();
  const { create, update } = useClientKeyChanges();
  const models = [...useModels('chat'), ...useModels('image'), ...useModels('video')];
  const [name, setName] = useState(clientKey?.name ?? '');
  const [perMinute, setPerMinute] = useState(clientKey?.requests_per_minute ?? null);
  const [atATime, setAtATime] = useState(clientKey?.max_concurrency ?? null);
  const [budget, setBudget] = useState(clientKey?.monthly_budget_usd ?? null);
  const [allowed, setAllowed] = useState(clientKey?.models ?? []);
  const [expires, setExpires] = useState(toLocal(clientKey?.expires_at ?? null));
  const error = create.error ?? update.error;

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const fields: ClientKeyFields = {
      name: name.trim(),
      requests_per_minute: perMinute,
      max_concurrency: atATime,
      monthly_budget_usd: budget,
      models: allowed.length === 0 ? null : allowed,
      expires_at: expires === '' ? null : new Date(expires).toISOString(),
    };
    if (clientKey) {
      update.mutate(
        { id: clientKey.id, fields },
        {
          onSuccess: () => {
            tellDone(words.done);
            onDone();
          },
        },
      );
      return;
    }
    create.mutate(fields, {
      onSuccess: ({ secret }) => {
        onDone();
        onCreated(secret);
      },
    });
  };

  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <TextInput
          label={words.clientKeys.name}
          required
          maxLength={200}
          data-autofocus
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <SimpleGrid cols={2} spacing="sm">
          <NumberField
            label={words.clientKeys.requestsPerMinute}
            value={perMinute}
            onChange={setPerMinute}
            min={1}
            max={MOST_PER_MINUTE}
          />
          <NumberField
            label={words.clientKeys.concurrency}
            value={atATime}
            onChange={setAtATime}
            min={1}
            max={MOST_AT_A_TIME}
          />
          <BudgetField value={budget} onChange={setBudget} />
          <TextInput
            label={words.clientKeys.expires}
            type="datetime-local"
            value={expires}
            onChange={(event) => setExpires(event.currentTarget.value)}
          />
        </SimpleGrid>
        <TagsInput
          label={words.clientKeys.models}
          description={words.emptyIsNone}
          data={models}
          value={allowed}
          onChange={setAllowed}
          clearable
          clearButtonProps={{ 'aria-label': words.clear }}
        />
        <FormEnd
          error={error}
          isBusy={create.isPending || update.isPending}
          label={clientKey ? words.save : words.clientKeys.create}
        />
      </Stack>
    </form>
  );
}

/** A time as an input of a local time shows it. */
function toLocal(iso: string | null): string {
  if (iso === null) return '';
  const time = new Date(iso);
  return new Date(time.getTime() - time.getTimezoneOffset() * MS_PER_MINUTE).toISOString().slice(0, MINUTES);
}
