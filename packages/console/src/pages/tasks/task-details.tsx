import { hasEnded, type TaskKind } from '@grok2api/contracts';
import { Alert, Anchor, Button, Code, Group, Image, Progress, SimpleGrid, Skeleton, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { fileAddress } from '../../api/file-address.js';
import { useTaskEvents } from '../../api/task-events.js';
import { type TaskReply, useTask, useTaskChanges } from '../../api/tasks.js';
import { useWords } from '../../i18n/language.js';
import { Confirm } from '../../parts/confirm.js';
import { Failure } from '../../parts/failure.js';
import { StateBadge } from '../../parts/state-badge.js';
import { tellDone, tellFailed } from '../../parts/told.js';
import { VideoPlayer } from '../../parts/video-player.js';
import { TaskCallbacks } from './task-callbacks.js';
import { TaskHistory } from './task-history.js';

export interface TaskDetailsProps {
  kind: TaskKind;
  taskId: string;
  isAdmin: boolean;
  /** The task was deleted. */
  onGone: () => void;
}

/** All there is to know of a task, and what can be done with it. */
export function TaskDetails({ kind, taskId, isAdmin, onGone }: TaskDetailsProps) {
  const words = useWords();
  const task = useTask(kind, taskId);
  const live = useTaskEvents(kind, taskId);
  const changes = useTaskChanges(kind);
  const [isAsking, setAsking] = useState(false);
  if (task.error) return <Failure error={task.error} />;
  if (!task.data) return <Skeleton h={240} />;
  const { status, prompt, model, error, message, attempts, queue_position } = task.data;
  const progress = Math.max(task.data.progress, live?.progress ?? 0);
  const told = { onSuccess: (reply: { message: string }) => tellDone(reply.message), onError: tellFailed };

  return (
    <Stack>
      <Group justify="space-between">
        <StateBadge state={status} />
        <Text className="number">{progress} %</Text>
      </Group>
      <Progress.Root>
        <Progress.Section value={progress} aria-label={words.progress} />
      </Progress.Root>
      <Results task={task.data} />
      {error ? (
        <Alert color="red" title={error.code}>
          {error.message}
        </Alert>
      ) : null}
      <Text style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>{prompt}</Text>
      <Text size="sm" c="dimmed">
        {model} · {message}
        {attempts === 0 ? '' : ` · ${words.tasks.attempts(attempts)}`}
        {queue_position === undefined ? '' : ` · ${words.tasks.before(queue_position)}`}
      </Text>
      <Code>{taskId}</Code>
      <TaskHistory task={task.data} />
      {isAdmin ? <TaskCallbacks taskId={taskId} hasEnded={hasEnded(status)} /> : null}
      <Group>
        {hasEnded(status) ? null : (
          <Button
            color="red"
            variant="light"
            loading={changes.cancel.isPending}
            onClick={() => changes.cancel.mutate(taskId, told)}
          >
            {words.cancel}
          </Button>
        )}
        {status === 'failed' ? (
          <Button
            variant="default"
            loading={changes.retry.isPending}
            onClick={() => changes.retry.mutate(taskId, told)}
          >
            {words.tasks.retry}
          </Button>
        ) : null}
        <Button color="red" variant="subtle" onClick={() => setAsking(true)}>
          {words.remove}
        </Button>
      </Group>
      <Confirm
        question={isAsking ? words.tasks.askRemove(1) : undefined}
        action={words.remove}
        isBusy={changes.remove.isPending}
        onCancel={() => setAsking(false)}
        onConfirm={() =>
          changes.remove.mutate([taskId], {
            onSuccess: ({ message: done }) => {
              tellDone(done);
              onGone();
            },
            onError: tellFailed,
          })
        }
      />
    </Stack>
  );
}

function Results({ task: { video_url, images = [], prompt } }: { task: TaskReply }) {
  if (video_url !== undefined) return <VideoPlayer src={fileAddress(video_url)} />;
  if (images.length === 0) return null;
  return (
    <SimpleGrid cols={Math.min(2, images.length)}>
      {images.map(fileAddress).map((url) => (
        <Anchor key={url} href={url} target="_blank" rel="noopener">
          <Image src={url} alt={prompt} radius="md" />
        </Anchor>
      ))}
    </SimpleGrid>
  );
}
