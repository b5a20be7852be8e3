import { z } from 'zod';
import { textSchema } from '../text.js';
import { TEXTS } from '../texts.js';
import { adminPageSchema } from './admin.js';
import { type ShownTask, taskBody } from './task-body.js';

/** A task's `callback_url` as a request names it; none and an empty one are the same. */
export const callbackUrlSchema = textSchema.max(2000).nullish().describe('A public address that is told of the end.');

/**
 * What became of a callback: `given_up` after the last attempt failed, `gone` when the receiver answered 410 and wants
 * it no more.
 */
export const CALLBACK_STATES = ['pending', 'delivered', 'given_up', 'gone'] as const;
export const callbackStateSchema = z.enum(CALLBACK_STATES);
export type CallbackState = z.infer<typeof callbackStateSchema>;

/** One attempt to deliver a callback, as it is kept and shown. */
export const callbackAttemptSchema = z.object({
  at: z.iso.datetime(),
  duration_ms: z.number().int().nonnegative(),
  /** What the receiver answered; null when it did not. */
  status: z.number().int().nullable(),
  /** Why nothing was answered. */
  error: z.string().nullable(),
  /** The beginning of the answer's body, where that was no success. */
  answer: z.string().nullable(),
});
export type CallbackAttempt = z.infer<typeof callbackAttemptSchema>;

/**
 * What is posted to a task's `callback_url` once the task has ended: what `GET` answers, and a `type` such as
 * `video.task.completed`. Nobody says in which language, so it is that of a request that does not say either.
 */
export function callbackPayload(task: ShownTask) {
  return { type: `${task.kind}.task.${task.state}`, ...taskBody(task, TEXTS.zh) };
}

/** Query of `GET /admin/api/callbacks`. */
export const listCallbacksSchema = adminPageSchema.extend({
  state: callbackStateSchema.optional(),
  owner: textSchema.optional(),
  /** A task's id. */
  task: textSchema.optional(),
});

/** A callback as its row has it. */
export interface ShownCallback {
  id: string;
  taskId: string;
  owner: string;
  url: string;
  state: CallbackState;
  attempts: number;
  endedAt: Date;
  nextAttemptAt: Date | undefined;
  settledAt: Date | undefined;
}

/** A callback as the admin API lists it. */
export function callbackBody(callback: ShownCallback) {
  return {
    id: callback.id,
    task_id: callback.taskId,
    owner: callback.owner,
    url: callback.url,
    state: callback.state,
    attempts: callback.attempts,
    ended_at: callback.endedAt.toISOString(),
    next_attempt_at: callback.nextAttemptAt?.toISOString() ?? null,
    settled_at: callback.settledAt?.toISOString() ?? null,
  };
}

/** A callback as the admin API shows it alone: with its latest attempts, oldest first, and what is posted. */
export function callbackDetailsBody(callback: ShownCallback & { payload: string; attemptLog: CallbackAttempt[] }) {
  const payload: unknown = JSON.parse(callback.payload);
  return { ...callbackBody(callback), attempt_log: callback.attemptLog, payload };
}
