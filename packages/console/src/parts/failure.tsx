import { Alert, Button, Stack, Text } from '@mantine/core';
import { ApiFailure } from '../api/api-failure.js';
import { useWords } from '../i18n/language.js';

/** Says why something could not be done, with the way to try again where there is one. */
export function Failure({ error, retry }: { error: Error; retry?: () => void }) {
  const words = useWords();
  const { code, requestId } = error instanceof ApiFailure ? error : {};
  return (
    <Alert color="red" role="alert" title={words.failure.title}>
      <Stack gap="xs" align="start">
        <Text size="sm">{error instanceof ApiFailure ? error.message : words.failure.unreachable}</Text>
        {code === undefined ? null : (
          <Text size="xs" ff="monospace">
            {code}
            {requestId === undefined ? '' : ` · ${requestId}`}
          </Text>
        )}
        {retry ? (
          <Button size="xs" variant="default" onClick={retry}>
            {words.failure.retry}
          </Button>
        ) : null}
      </Stack>
    </Alert>
  );
}
