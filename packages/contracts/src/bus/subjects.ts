import type { TaskKind } from '../task.js';

/** JetStream stream that holds the wake-ups of every kind. */
export const WAKE_UP_STREAM = 'TASKS';

/** Anonymous wake-ups for the workers of a kind: "there may be something to claim". */
export function wakeUpSubject(kind: TaskKind): string {
  return `grok.tasks.${kind}`;
}

/** Where each write to a task is published, for the gateways with a reader of it. */
export function progressSubject(taskId: string): string {
  return `grok.progress.${taskId}`;
}

/** Where the worker that runs a task listens for its cancel. */
export function cancelSubject(taskId: string): string {
  return `grok.cancel.${taskId}`;
}
