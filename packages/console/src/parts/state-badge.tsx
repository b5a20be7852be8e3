import type { TaskState } from '@grok2api/contracts';
import { Badge } from '@mantine/core';
import { useWords } from '../i18n/language.js';

const COLORS = {
  pending: 'gray',
  running: 'blue',
  completed: 'teal',
  failed: 'red',
  cancelled: 'yellow',
} as const satisfies Record<TaskState, string>;

/** How a task is, in a word and a colour. */
export function StateBadge({ state }: { state: TaskState }) {
  const words = useWords();
  return (
    <Badge color={COLORS[state]} variant="light" autoContrast>
      {words.states[state]}
    </Badge>
  );
}
