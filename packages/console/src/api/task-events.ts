import { hasEnded, type TaskKind, taskStreamEventSchema } from '@grok2api/contracts';
import { useEffect, useState } from 'react';
import type { z } from 'zod';
import { TASK_PATHS } from './task-paths.js';

/** What a task's stream tells: how the task is. */
export type TaskEvent = z.infer<typeof taskStreamEventSchema>;

/** How a task is, as its stream tells until its end; undefined before the first event. */
export function useTaskEvents(kind: TaskKind, taskId: string | undefined): TaskEvent | undefined {
  const [event, setEvent] = useState<TaskEvent>();
  useEffect(() => {
    setEvent(undefined);
    if (taskId === undefined) return;
    const source = new EventSource(`${TASK_PATHS[kind]}/${taskId}/stream`);
    source.onmessage = ({ data }) => {
      const parsed = taskStreamEventSchema.safeParse(JSON.parse(String(data)));
      if (!parsed.success) return;
      setEvent(parsed.data);
      // The server closes after the end; the browser would connect again.
      if (hasEnded(parsed.data.status)) source.close();
    };
    return () => source.close();
  }, [kind, taskId]);
  return event?.task_id === taskId ? event : undefined;
}
