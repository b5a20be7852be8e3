import { Text, Timeline } from '@mantine/core';
import type { TaskReply } from '../../api/tasks.js';
import { useFormats } from '../../i18n/format.js';
import { useWords } from '../../i18n/language.js';
import { useNow } from '../../parts/use-now.js';
import { taskTimes } from './task-times.js';

/** When a task came into each of its states, and how long it was in it. */
export function TaskHistory({ task }: { task: TaskReply }) {
  const words = useWords();
  const { time, duration, usd } = useFormats();
  const times = taskTimes(task, useNow());
  const steps = [
    { title: words.tasks.accepted, at: task.created_at, note: `${words.states.pending} ${duration(times.pending)}` },
    ...(task.started_at === undefined || times.running === undefined
      ? []
      : [
          {
            title: words.tasks.started,
            at: task.started_at,
            note: `${words.states.running} ${duration(times.running)}`,
          },
        ]),
    ...(task.completed_at === undefined
      ? []
      : [
          {
            title: words.states[task.status],
            at: task.completed_at,
            note: task.cost_usd === undefined ? '' : `${words.cost} ${usd(task.cost_usd)}`,
          },
        ]),
  ];
  return (
    <Timeline active={steps.length - 1} bulletSize={14} lineWidth={2} aria-label={words.tasks.history}>
      {steps.map(({ title, at, note }) => (
        <Timeline.Item key={at + title} title={title}>
          <Text size="sm" className="number">
            {time(at)}
          </Text>
          <Text size="xs" c="dimmed" className="number">
            {note}
          </Text>
        </Timeline.Item>
      ))}
    </Timeline>
  );
}
