import { Alert, Badge, Button, FileButton, Group, ScrollArea, Stack, Table, Text, Textarea } from '@mantine/core';
import { useState } from 'react';
import { type ImportReport, useCredentialChanges } from '../../api/credentials.js';
import { useFormats } from '../../i18n/format.js';
import { useWords } from '../../i18n/language.js';
import { previewImport } from './import-preview.js';

const SHOWN = 8;
const STATUSES = ['added', 'restored', 'duplicate', 'invalid'] as const;
const COLORS = { added: 'teal', restored: 'teal', duplicate: 'yellow', invalid: 'red' } as const;

/** Takes many credentials: what is to be imported is shown first, what became of each line afterwards. */
export function ImportCredentials({ onDone }: { onDone: () => void }) {
  const words = useWords();
  const [text, setText] = useState('');
  const { bringIn } = useCredentialChanges();
  const preview = previewImport(text);
  if (bringIn.data) return <Report report={bringIn.data} onDone={onDone} />;
  return (
    <Stack gap="sm">
      <Textarea
        label={words.import.text}
        description={words.import.hint}
        autosize
        minRows={6}
        maxRows={12}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
        autoComplete="off"
        spellCheck={false}
      />
      <FileButton
        accept=".txt,.csv,.json,text/plain,text/csv,application/json"
        onChange={(file) => void file?.text().then(setText)}
      >
        {(props) => (
          <Button {...props} variant="default" size="xs" style={{ alignSelf: 'start' }}>
            {words.import.file}
          </Button>
        )}
      </FileButton>
      {preview.isUnreadable ? <Alert color="red">{words.import.unreadable}</Alert> : null}
      {preview.entries.length === 0 ? null : (
        <div role="status">
          <Text size="sm" fw={600}>
            {words.import.preview(preview.entries.length, preview.type)}
          </Text>
          <Table fz="xs" aria-label={words.import.previewTable}>
            <Table.Tbody>
              {preview.entries.slice(0, SHOWN).map(({ line, secret, label }) => (
                <Table.Tr key={line}>
                  <Table.Td className="number">{line}</Table.Td>
                  <Table.Td ff="monospace">{secret}</Table.Td>
                  <Table.Td>{label}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </div>
      )}
      {bringIn.error ? (
        <Alert color="red" role="alert">
          {bringIn.error.message}
        </Alert>
      ) : null}
      <Group justify="end">
        <Button
          disabled={preview.entries.length === 0}
          loading={bringIn.isPending}
          onClick={() => bringIn.mutate({ type: preview.type, body: text })}
        >
          {words.import.submit(preview.entries.length)}
        </Button>
      </Group>
    </Stack>
  );
}

function Report({ report, onDone }: { report: ImportReport; onDone: () => void }) {
  const words = useWords();
  const { number } = useFormats();
  const wrong = report.data.filter(({ status }) => status === 'invalid' || status === 'duplicate');
  return (
    <Stack gap="sm">
      <Group role="status">
        {STATUSES.map((status) => (
          <Badge key={status} color={COLORS[status]} variant="light" size="lg" autoContrast>
            {words.import.statuses[status]} {number(report[status])}
          </Badge>
        ))}
      </Group>
      {wrong.length === 0 ? null : (
        <ScrollArea.Autosize mah={320} type="auto" viewportProps={{ tabIndex: 0 }}>
          <Table fz="xs" aria-label={words.import.report}>
            <Table.Tbody>
              {wrong.map(({ line, status, message }) => (
                <Table.Tr key={line}>
                  <Table.Td className="number">{line}</Table.Td>
                  <Table.Td>{words.import.statuses[status]}</Table.Td>
                  <Table.Td>{message}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </ScrollArea.Autosize>
      )}
      <Group justify="end">
        <Button onClick={onDone}>{words.close}</Button>
      </Group>
    </Stack>
  );
}
