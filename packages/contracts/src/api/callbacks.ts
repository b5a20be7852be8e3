import { TEXTS } from '../texts.js';
import { type ShownTask, taskBody } from './task-body.js';

/**
 * What is posted to a task's `callback_url` once the task has ended: what `GET` answers, and a `type` such as
 * `video.task.completed`. Nobody says in which language, so it is that of a request that does not say either.
 */
export function callbackPayload(task: ShownTask) {
  return { type: `${task.kind}.task.${task.state}`, ...taskBody(task, TEXTS.zh) };
}
