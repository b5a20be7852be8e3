import { Alert, Button, PasswordInput, Stack } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { ApiFailure } from '../api/api-failure.js';
import { useSignIn } from '../api/session.js';
import { useWords } from '../i18n/language.js';

const UNAUTHORIZED = 401;

/** Takes a key, and signs in with it. */
export function SignInForm({ onDone }: { onDone?: () => void }) {
  const words = useWords();
  const [key, setKey] = useState('');
  const signIn = useSignIn();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (key.trim() === '') return;
    signIn.mutate(key.trim(), { onSuccess: () => onDone?.() });
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <PasswordInput
          label={words.signIn.key}
          description={words.signIn.hint}
          placeholder="sk-…"
          value={key}
          onChange={(event) => setKey(event.currentTarget.value)}
          autoComplete="current-password"
          data-autofocus
          visibilityToggleButtonProps={{ 'aria-label': words.signIn.show }}
          required
        />
        {signIn.error ? (
          <Alert color="red" role="alert">
            {signIn.error instanceof ApiFailure && signIn.error.status === UNAUTHORIZED
              ? words.signIn.wrong
              : signIn.error.message}
          </Alert>
        ) : null}
        <Button type="submit" loading={signIn.isPending}>
          {words.signIn.submit}
        </Button>
      </Stack>
    </form>
  );
}
