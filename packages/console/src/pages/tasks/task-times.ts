import type { TaskFields } from '../../api/tasks.js';

/** How long a task was in each state so far, in milliseconds; undefined where it was not yet. */
export interface TaskTimes {
  pending: number;
  running: number | undefined;
}

/** @param now in milliseconds, for a task that has not ended */
export function taskTimes({ created_at, started_at, completed_at }: TaskFields, now: number): TaskTimes {
  const created = Date.parse(created_at);
  const ended = completed_at === undefined ? now : Date.parse(completed_at);
  const started = started_at === undefined ? undefined : Date.parse(started_at);
  return {
    pending: Math.max(0, (started ?? ended) - created),
    running: started === undefined ? undefined : Math.max(0, ended - started),
  };
}
