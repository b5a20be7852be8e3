import type { CallbackState as State } from '@grok2api/contracts';
import { Badge } from '@mantine/core';
import { useWords } from '../i18n/language.js';

const COLORS = { pending: 'blue', delivered: 'teal', given_up: 'red', gone: 'gray' } as const satisfies Record<
  State,
  string
>;

/** What became of a callback, in a word and a colour. */
export function CallbackState({ state }: { state: State }) {
  const words = useWords();
  return (
    <Badge color={COLORS[state]} variant="light" autoContrast>
      {words.callbacks.states[state]}
    </Badge>
  );
}
