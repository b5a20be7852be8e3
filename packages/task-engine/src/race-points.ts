/** Where tests kill or stop a worker, in the order in which a task comes there. */
export const TASK_RACE_POINTS = [
  /** The task is claimed, the upstream is not asked. */
  'after-claim',
  /** It is written down that the upstream is asked, and it is not. */
  'after-intent',
  /** The upstream has taken it, and nothing of that is written down. */
  'after-create',
  /** Some progress is written down: between two polls, or two images. */
  'after-progress',
  /** What was made is stored, and the end is not written. */
  'before-commit',
  /** The end is written, and nobody is told. */
  'after-commit',
] as const;

export type TaskRacePoint = (typeof TASK_RACE_POINTS)[number];
