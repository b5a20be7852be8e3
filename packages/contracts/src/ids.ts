const HEX_32 = '[0-9a-f]{32}';
const TASK_ID = new RegExp(`^task_${HEX_32}$`);

/** Makes 16 random bytes as 32 lower-case hex digits. */
export type RandomHex = () => string;

/** A new task id: `task_` and 128 random bits. It is a capability: who knows it may read the task. */
export function newTaskId(randomHex: RandomHex): string {
  return `task_${randomHex()}`;
}

/** Whether a text has the form of a task id. */
export function isTaskId(text: string): boolean {
  return TASK_ID.test(text);
}

/**
 * The media id of a task's nth result. It follows from the task's id, so that a worker that does the last
 * step again writes over its predecessor's file and leaves none behind.
 */
export function resultMediaId(taskId: string, kind: 'video' | 'image', extension: string): string {
  return `${kind}_${taskId.slice('task_'.length)}.${extension}`;
}
