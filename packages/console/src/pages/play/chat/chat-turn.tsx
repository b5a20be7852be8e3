import { Group, Image, Loader, Paper, Stack, Text } from '@mantine/core';
import { useDeferredValue } from 'react';
import { fileAddress } from '../../../api/file-address.js';
import { useWords } from '../../../i18n/language.js';
import { Failure } from '../../../parts/failure.js';
import { Markdown } from '../../../parts/markdown.js';
import type { Turn } from './turn.js';

const PICTURE_PX = 96;

/** What one side said, with the reasoning folded away. */
export function ChatTurn({ turn, isGrowing }: { turn: Turn; isGrowing: boolean }) {
  const words = useWords();
  const { role, reasoning, pictures, error } = turn;
  // Text that comes faster than it can be shown is shown in bigger pieces.
  const text = useDeferredValue(turn.text);
  const isUser = role === 'user';
  return (
    <Paper
      p="sm"
      {...(isUser ? { bg: 'var(--mantine-primary-color-light)', ml: 'auto', maw: '85%' } : {})}
      data-role={role}
    >
      <Stack gap="xs">
        <Text size="xs" fw={600} c={isUser ? 'var(--mantine-color-text)' : 'dimmed'}>
          {isUser ? words.chat.you : words.chat.model}
        </Text>
        {reasoning === '' ? null : (
          <details>
            <summary>{words.chat.reasoning}</summary>
            <Text size="sm" c="dimmed" style={{ whiteSpace: 'pre-wrap' }}>
              {reasoning}
            </Text>
          </details>
        )}
        {isUser ? (
          <Text style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>{text}</Text>
        ) : (
          <Markdown text={text} />
        )}
        {pictures.length === 0 ? null : (
          <Group gap="xs">
            {pictures.map((url) => (
              <Image
                key={url}
                src={fileAddress(url)}
                alt={words.pictures.attached}
                h={PICTURE_PX}
                w="auto"
                radius="sm"
              />
            ))}
          </Group>
        )}
        {isGrowing ? <Loader size="xs" type="dots" aria-hidden="true" /> : null}
        {error ? <Failure error={error} /> : null}
      </Stack>
    </Paper>
  );
}
