import { Alert, Button, Group } from '@mantine/core';

/** The end of a form: why what was sent was refused, and the button that sends it. */
export function FormEnd({ error, isBusy, label }: { error: Error | null; isBusy: boolean; label: string }) {
  return (
    <>
      {error ? (
        <Alert color="red" role="alert">
          {error.message}
        </Alert>
      ) : null}
      <Group justify="end">
        <Button type="submit" loading={isBusy}>
          {label}
        </Button>
      </Group>
    </>
  );
}
