import { Badge, Group, Text } from '@mantine/core';
import type { Credential } from '../../api/credentials.js';
import { useFormats } from '../../i18n/format.js';
import { useWords } from '../../i18n/language.js';
import { useNow } from '../../parts/use-now.js';

const COLORS = {
  ok: 'teal',
  cooling: 'blue',
  over_budget: 'orange',
  dead: 'red',
  no_credits: 'red',
  removed: 'gray',
  disabled: 'gray',
  deleted: 'gray',
} as const satisfies Record<Credential['state'], string>;

/** How a credential can be, but for what is not listed. */
export const CREDENTIAL_STATES = ['ok', 'cooling', 'over_budget', 'dead', 'no_credits', 'removed', 'disabled'] as const;

/** How a credential is as a whole. */
export function CredentialState({ state }: { state: Credential['state'] }) {
  const words = useWords();
  return (
    <Badge color={COLORS[state]} variant="light" autoContrast>
      {words.credentialStates[state]}
    </Badge>
  );
}

/** How one of its models is, with the time until it is used again and what went wrong. */
export function ModelState({ model }: { model: Credential['models'][number] }) {
  const words = useWords();
  const { duration } = useFormats();
  const now = useNow();
  const left = model.cooling_until === null ? 0 : Date.parse(model.cooling_until) - now;
  return (
    <div>
      <Group gap={6} wrap="nowrap">
        <Text size="xs" ff="monospace" className="clip" maw={190} title={model.model}>
          {model.model}
        </Text>
        <Badge size="xs" color={COLORS[model.state]} variant="light" autoContrast>
          {words.credentialStates[model.state]}
        </Badge>
        {left > 0 ? (
          <Text size="xs" className="number">
            {duration(left)}
          </Text>
        ) : null}
      </Group>
      {model.last_error === null ? null : (
        <Text size="xs" c="dimmed" lineClamp={2} maw={260} title={model.last_error}>
          {model.last_error}
        </Text>
      )}
    </div>
  );
}
