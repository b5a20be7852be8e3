import { Button, Group, Paper, Table, Text } from '@mantine/core';
import { type CallbackDetails, useSendAgain } from '../api/callbacks.js';
import { useFormats } from '../i18n/format.js';
import { useWords } from '../i18n/language.js';
import { CallbackState } from './callback-state.js';
import { tellFailed } from './told.js';

/** A callback with its latest attempts, and the way to send it again. */
export function CallbackCard({ callback }: { callback: CallbackDetails }) {
  const words = useWords();
  const { time, duration } = useFormats();
  const again = useSendAgain();
  return (
    <Paper withBorder p="sm">
      <Group justify="space-between" wrap="nowrap">
        <Text size="sm" className="clip" title={callback.url}>
          {callback.url}
        </Text>
        <CallbackState state={callback.state} />
      </Group>
      <Table aria-label={words.callbacks.attempts} fz="xs" my="xs">
        <Table.Tbody>
          {callback.attempt_log.map(({ at, status, error, answer, duration_ms }) => (
            <Table.Tr key={at}>
              <Table.Td className="number">{time(at)}</Table.Td>
              <Table.Td title={answer ?? undefined}>{status ?? error}</Table.Td>
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
