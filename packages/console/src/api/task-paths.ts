import type { TaskKind } from '@grok2api/contracts';

/** The routes of the tasks of a kind. */
export const TASK_PATHS = { video: '/v1/video/tasks', image: '/v1/images/tasks' } as const satisfies Record<
  TaskKind,
  string
>;
