import { Alert, Anchor, Group, Paper, Progress, Stack, Text } from '@mantine/core';
import { Link } from 'wouter';
import { fileAddress } from '../../../api/file-address.js';
import type { TaskEvent } from '../../../api/task-events.js';
import { useWords } from '../../../i18n/language.js';
import { StateBadge } from '../../../parts/state-badge.js';
import { VideoPlayer } from '../../../parts/video-player.js';

/** How far a video is, and the video. */
export function VideoProgress({ event, isBusy }: { event: TaskEvent | undefined; isBusy: boolean }) {
  const words = useWords();
  const progress = event?.progress ?? 0;
  return (
    <Paper withBorder p="md" mih={240} aria-busy={isBusy}>
      <Stack>
        {event ? (
          <>
            <Group justify="space-between">
              <StateBadge state={event.status} />
              <Text className="number" fw={600}>
                {progress} %
              </Text>
            </Group>
            <Progress.Root size="lg">
              <Progress.Section value={progress} aria-label={words.progress} animated={isBusy} />
            </Progress.Root>
            <Anchor component={Link} href={`/tasks?kind=video&task=${event.task_id}`} size="sm">
              {words.video.openTask}
            </Anchor>
          </>
        ) : (
          <Text role="status" c="dimmed" ta="center" py="xl">
            {isBusy ? words.video.accepting : words.video.empty}
          </Text>
        )}
        {event?.error ? <Alert color="red">{event.error.message}</Alert> : null}
        {event?.video_url === undefined ? null : <VideoPlayer src={fileAddress(event.video_url)} />}
      </Stack>
    </Paper>
  );
}
