import { z } from 'zod';
import { END_STATES, TASK_KINDS, TASK_STATES, taskErrorSchema } from '../../task.js';
import { errorReplySchema } from './error.js';

const taskId = z.string().regex(/^task_[0-9a-f]{32}$/);
const progress = z.int().min(0).max(100);

const resultFields = {
  /** Of a completed video. */
  video_url: z.string().optional(),
  /** Of completed images. */
  images: z.array(z.string()).optional(),
};

/** A task as a list shows it. What is not known is left out. */
export const taskFieldsSchema = z.object({
  task_id: taskId,
  status: z.enum(TASK_STATES),
  progress,
  /** How often a worker has taken it up. */
  attempts: z.int().nonnegative(),
  prompt: z.string(),
  model: z.string(),
  ...resultFields,
  created_at: z.iso.datetime(),
  started_at: z.iso.datetime().optional(),
  completed_at: z.iso.datetime().optional(),
  cost_usd: z.number().nonnegative().optional(),
  message: z.string(),
  error: taskErrorSchema.optional(),
});

/** One task: the fields at top level, and the async document's envelope around the same facts. */
export const taskReplySchema = taskFieldsSchema.extend({
  /** Own tasks before it, while it is pending. */
  queue_position: z.int().nonnegative().optional(),
  code: z.int(),
  data: z.object({
    taskId,
    /** The async document's names for the states. */
    status: z.enum(['pending', 'processing', 'success', 'failed']),
    progress,
    result: z
      .union([
        z.object({ downloadUrl: z.string() }),
        /** URLs, or the files themselves in base64 where the task's maker wanted that. */
        z.object({ images: z.array(z.string()).min(1) }),
      ])
      .optional(),
    errorMsg: z.string().optional(),
  }),
});

/** What is posted to a task's `callback_url` once it has ended. */
export const taskCallbackSchema = taskReplySchema.extend({
  type: z.enum(TASK_KINDS.flatMap((kind) => END_STATES.map((state) => `${kind}.task.${state}` as const))),
});

/** The same of a task whose result was asked for too early. */
export const unfinishedTaskReplySchema = taskReplySchema.extend({ error: errorReplySchema.shape.error });

/** Reply of `GET /v1/video/tasks` and `GET /v1/images/tasks`. */
export const taskListReplySchema = z.object({
  tasks: z.array(taskFieldsSchema),
  /** Exact up to 10,000. */
  total: z.int().nonnegative(),
  total_is_capped: z.literal(true).optional(),
  next_cursor: z.string().nullable(),
});

/** Reply of `POST /v1/video/tasks`. */
export const taskAcceptedReplySchema = z.object({
  status: z.literal('success'),
  task_id: taskId,
  message: z.string(),
});

/** Reply of the async creates. */
export const asyncTaskAcceptedReplySchema = z.object({
  code: z.literal(200),
  message: z.string(),
  data: z.object({ taskId }),
});

/** Reply of a cancel. */
export const taskCancelledReplySchema = z.object({ status: z.literal('success'), message: z.string() });

/** Reply of the bulk deletes. */
export const tasksDeletedReplySchema = taskCancelledReplySchema.extend({ count: z.int().nonnegative() });

/** Data of an event of a task's stream. */
export const taskStreamEventSchema = z.object({
  type: z.enum(['snapshot', 'status', 'progress', 'completed', 'failed', 'cancelled']),
  task_id: taskId,
  status: z.enum(TASK_STATES),
  progress,
  ...resultFields,
  message: z.string().optional(),
  error: taskErrorSchema.optional(),
});
