import { Button, Group, Modal, Text } from '@mantine/core';
import { useWords } from '../i18n/language.js';

export interface ConfirmProps {
  /** What is about to be done; nothing is asked without it. */
  question: string | undefined;
  action: string;
  isBusy: boolean;
  onConfirm: () => void;
  onCancel: () => void;
}

/** Asks before something that cannot be undone. */
export function Confirm({ question, action, isBusy, onConfirm, onCancel }: ConfirmProps) {
  const words = useWords();
  return (
    <Modal
      opened={question !== undefined}
      onClose={onCancel}
      title={words.confirm.title}
      closeButtonProps={{ 'aria-label': words.close }}
      centered
    >
      <Text mb="lg">{question}</Text>
      <Group justify="end">
        <Button variant="default" onClick={onCancel}>
          {words.confirm.cancel}
        </Button>
        <Button color="red" loading={isBusy} onClick={onConfirm}>
          {action}
        </Button>
      </Group>
    </Modal>
  );
}
