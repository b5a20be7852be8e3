import type { TaskKind } from '@grok2api/contracts';

/** Where the routes of each kind begin. */
export const KIND_PATHS = { video: '/video', image: '/images' } as const satisfies Record<TaskKind, string>;

/** The URL of a task, under an origin such as `https://host`. */
export function taskUrl(origin: string, kind: TaskKind, taskId: string): string {
  return `${origin}/v1${KIND_PATHS[kind]}/tasks/${taskId}`;
}
