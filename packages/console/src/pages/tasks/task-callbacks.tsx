import { Badge, Button, Group, Paper, Stack, Table, Text, Title } from '@mantine/core';
import { type CallbackDetails, useCallbacksOf, useSendAgain } from '../../api/callbacks.js';
import { useFormats } from '../../i18n/format.js';
import { useWords } from '../../i18n/language.js';
import { tellFailed } from '../../parts/told.js';

const COLORS = { pending: 'blue', delivered: 'teal', given_up: 'red', gone: 'gray' } as const;

/** Whom the end of a task was told, with each attempt; for administrators. */
export function TaskCallbacks({ taskId, hasEnded }: { taskId: string; hasEnded: boolean }) {
  const words = useWords();
  const callbacks = useCallbacksOf(taskId, hasEnded);
  if (!callbacks.data || callbacks.data.length === 0) return null;
  return (
    <Stack gap="xs">
      <Title order={2} size="h5">
        {words.callbacks.title}
      </Title>
      {callbacks.data.map((callback) => (
        <Callback key={callback.id} callback={callback} />
      ))}
    </Stack>
  );
}

function Callback({ callback }: { callback: CallbackDetails }) {
  const words = useWords();
  const { time, duration } = useFormats();
  const again = useSendAgain(callback.task_id);
  return (
    <Paper withBorder p="sm">
      <Group justify="space-between" wrap="nowrap">
        <Text size="sm" className="clip" title={callback.url}>
          {callback.url}
        </Text>
        <Badge color={COLORS[callback.state]} variant="light" autoContrast>
          {words.callbacks.states[callback.state]}
        </Badge>
      </Group>
      <Table aria-label={words.callbacks.attempts} fz="xs" my="xs">
        <Table.Tbody>
          {callback.attempt_log.map(({ at, status, error, duration_ms }) => (
            <Table.Tr key={at}>
              <Table.Td className="number">{time(at)}</Table.Td>
              <Table.Td>{status ?? error}</Table.Td>
              <Table.Td className="number">{duration(duration_ms)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Button
        size="compact-xs"
        variant="default"
        loading={again.isPending}
        onClick={() => again.mutate(callback.id, { onError: tellFailed })}
      >
        {words.callbacks.again}
      </Button>
    </Paper>
  );
}
