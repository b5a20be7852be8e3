import { Center, Group, Paper, Stack, Text, Title } from '@mantine/core';
import { useEffect } from 'react';
import { useWords } from '../i18n/language.js';
import { Preferences } from './preferences.js';
import { SignInForm } from './sign-in-form.js';

/** The page of whoever is not signed in, where a key is needed. */
export function SignIn() {
  const words = useWords();
  useEffect(() => {
    document.title = `${words.signIn.title} · ${words.product}`;
  }, [words]);
  return (
    <Center component="main" mih="100dvh" p="md">
      <Paper withBorder shadow="sm" p="xl" w={420} maw="100%" radius="lg">
        <Stack>
          <Group justify="space-between" wrap="nowrap" align="start">
            <div>
              <Title order={1} size="h2">
                {words.product}
              </Title>
              <Text c="dimmed">{words.signIn.about}</Text>
            </div>
            <Group gap="xs" wrap="nowrap">
              <Preferences />
            </Group>
          </Group>
          <SignInForm />
        </Stack>
      </Paper>
    </Center>
  );
}
