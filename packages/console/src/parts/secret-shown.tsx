import { Alert, Button, Code, CopyButton, Group, Modal, Stack } from '@mantine/core';
import { useWords } from '../i18n/language.js';

/** Shows a secret the only time that it can be shown. */
export function SecretShown({
  secret,
  title,
  onClose,
}: {
  secret: string | undefined;
  title: string;
  onClose: () => void;
}) {
  const words = useWords();
  return (
    <Modal
      opened={secret !== undefined}
      onClose={onClose}
      title={title}
      closeOnClickOutside={false}
      closeButtonProps={{ 'aria-label': words.close }}
    >
      <Stack>
        <Alert color="yellow">{words.secret.once}</Alert>
        <Code block style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }}>
          {secret}
        </Code>
        <Group justify="end">
          <CopyButton value={secret ?? ''}>
            {({ copied, copy }) => (
              <Button variant="default" onClick={copy}>
                {copied ? words.copied : words.copy}
              </Button>
            )}
          </CopyButton>
          <Button onClick={onClose}>{words.secret.kept}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
