import { ActionIcon, Button, FileButton, Group, Image, Paper, Text } from '@mantine/core';
import { type DragEvent, useEffect, useMemo, useState } from 'react';
import { useWords } from '../i18n/language.js';
import { Icon } from '../icons.js';

const TYPES = ['image/png', 'image/jpeg', 'image/webp'];
const PREVIEW_PX = 64;

export interface PictureDropProps {
  label: string;
  files: File[];
  most: number;
  onChange: (files: File[]) => void;
}

/** Takes pictures that are dropped on it, or chosen. */
export function PictureDrop({ label, files, most, onChange }: PictureDropProps) {
  const words = useWords();
  const [isOver, setOver] = useState(false);
  const add = (more: File[]) => onChange([...files, ...more.filter(({ type }) => TYPES.includes(type))].slice(-most));
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    add([...event.dataTransfer.files]);
  };
  const over = (event: DragEvent) => {
    event.preventDefault();
    setOver(true);
  };
  return (
    <Paper
      withBorder
      p="sm"
      className="drop"
      role="group"
      aria-label={label}
      {...(isOver ? { 'data-over': true } : {})}
      onDragOver={over}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <Group gap="sm">
        <FileButton multiple={most > 1} accept={TYPES.join(',')} onChange={(chosen) => add([chosen ?? []].flat())}>
          {(props) => (
            <Button {...props} variant="default" size="xs" leftSection={<Icon name="picture" />}>
              {label}
            </Button>
          )}
        </FileButton>
        <Text size="xs" c="dimmed">
          {words.pictures.drop}
        </Text>
      </Group>
      {files.length === 0 ? null : (
        <Group gap="xs" mt="sm">
          {files.map((file, index) => (
            <Preview
              key={`${file.name} ${file.lastModified} ${file.size}`}
              file={file}
              onRemove={() => onChange(files.filter((_, each) => each !== index))}
            />
          ))}
        </Group>
      )}
    </Paper>
  );
}

function Preview({ file, onRemove }: { file: File; onRemove: () => void }) {
  const words = useWords();
  const url = useMemo(() => URL.createObjectURL(file), [file]);
  useEffect(() => () => URL.revokeObjectURL(url), [url]);
  return (
    <Group gap={4} align="start" wrap="nowrap">
      <Image src={url} alt={file.name} w={PREVIEW_PX} h={PREVIEW_PX} radius="sm" fit="cover" />
      <ActionIcon
        size="sm"
        variant="subtle"
        color="gray"
        aria-label={words.pictures.remove(file.name)}
        onClick={onRemove}
      >
        <Icon name="remove" />
      </ActionIcon>
    </Group>
  );
}
