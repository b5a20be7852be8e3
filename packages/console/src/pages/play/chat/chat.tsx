import { Button, Group, Paper, ScrollArea, Select, Stack, Text, Textarea } from '@mantine/core';
import { type FormEvent, type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { useModels } from '../../../api/models.js';
import { useWords } from '../../../i18n/language.js';
import { Icon } from '../../../icons.js';
import { PictureDrop } from '../../../parts/picture-drop.js';
import { TryLayout } from '../../../parts/try-layout.js';
import { ChatTurn } from './chat-turn.js';
import { messagesOf } from './turn.js';
import { CHAT_PATH, useChat } from './use-chat.js';

const PREFERRED = 'grok-2';
const MOST_PICTURES = 4;

/** Talks with a text model. */
export function Chat({ needsKey }: { needsKey: boolean }) {
  const words = useWords();
  const models = useModels('chat');
  const [chosen, choose] = useState<string | null>(null);
  const model = chosen ?? (models.includes(PREFERRED) ? PREFERRED : (models[0] ?? ''));
  const [text, setText] = useState('');
  const [files, setFiles] = useState<File[]>([]);
  const chat = useChat();
  const end = useRef<HTMLDivElement>(null);
  const last = chat.turns.at(-1);
  useEffect(() => {
    if (last) end.current?.scrollIntoView({ block: 'nearest' });
  }, [last]);

  const submit = () => {
    if (text.trim() === '' || chat.isBusy || model === '') return;
    void chat.say(model, text, files);
    setText('');
    setFiles([]);
  };
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    submit();
  };
  // Enter sends, but not while it chooses a character of an input method.
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    submit();
  };
  const said = messagesOf(chat.turns.filter(({ error }) => !error));
  const typed = { role: 'user', content: text.trim() || words.chat.example };
  const messages = said.length > 0 ? said.slice(0, last?.role === 'assistant' && last.text ? -1 : undefined) : [typed];

  return (
    <TryLayout
      needsKey={needsKey}
      sample={{ path: CHAT_PATH, json: { model, messages, stream: true }, streams: true }}
      form={
        <form onSubmit={onSubmit}>
          <Stack gap="sm">
            <Select
              label={words.model}
              data={models}
              value={model}
              onChange={choose}
              allowDeselect={false}
              searchable
              comboboxProps={{ withinPortal: true }}
            />
            <Textarea
              label={words.chat.message}
              placeholder={words.chat.example}
              autosize
              minRows={3}
              maxRows={10}
              value={text}
              onChange={(event) => setText(event.currentTarget.value)}
              onKeyDown={onKeyDown}
            />
            <PictureDrop label={words.pictures.attach} files={files} most={MOST_PICTURES} onChange={setFiles} />
            <Group justify="space-between" wrap="nowrap">
              <Button
                variant="default"
                px="sm"
                onClick={chat.clear}
                disabled={chat.isBusy || chat.turns.length === 0}
                leftSection={<Icon name="refresh" />}
              >
                {words.chat.clear}
              </Button>
              {chat.isBusy ? (
                <Button color="red" onClick={chat.stop} leftSection={<Icon name="stop" />}>
                  {words.stop}
                </Button>
              ) : (
                <Button type="submit" disabled={text.trim() === ''} leftSection={<Icon name="send" />}>
                  {words.send}
                </Button>
              )}
            </Group>
          </Stack>
        </form>
      }
      result={
        <Paper withBorder p="md" mih={240}>
          <ScrollArea.Autosize
            mah="60dvh"
            type="auto"
            viewportProps={{ tabIndex: 0, 'aria-label': words.chat.conversation }}
          >
            <Stack role="log" aria-live="polite" aria-busy={chat.isBusy}>
              {chat.turns.length === 0 ? (
                <Text c="dimmed" ta="center" py="xl">
                  {words.chat.empty}
                </Text>
              ) : null}
              {chat.turns.map((turn) => (
                <ChatTurn key={turn.id} turn={turn} isGrowing={chat.isBusy && turn === last} />
              ))}
              <div ref={end} />
            </Stack>
          </ScrollArea.Autosize>
        </Paper>
      }
    />
  );
}
