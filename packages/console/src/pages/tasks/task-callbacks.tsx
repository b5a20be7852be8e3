import { Stack, Title } from '@mantine/core';
import { useCallbacksOf } from '../../api/callbacks.js';
import { useWords } from '../../i18n/language.js';
import { CallbackCard } from '../../parts/callback-card.js';

/** Whom the end of a task was told, with each attempt; for administrators. */
export function TaskCallbacks({ taskId, hasEnded }: { taskId: string; hasEnded: boolean }) {
  const words = useWords();
  const callbacks = useCallbacksOf(taskId, hasEnded);
  if (!callbacks.data || callbacks.data.length === 0) return null;
  return (
    <Stack gap="xs">
      <Title order={2} size="h5">
        {words.pages.callbacks}
      </Title>
      {callbacks.data.map((callback) => (
        <CallbackCard key={callback.id} callback={callback} />
      ))}
    </Stack>
  );
}
