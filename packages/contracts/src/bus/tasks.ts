import { z } from 'zod';
import { taskErrorSchema, taskResultSchema, taskStateSchema } from '../task.js';

/**
 * What is published after each write to a task: exactly what was written, with the row's version.
 * A deleted task is published as `cancelled`.
 */
export const taskEventSchema = z.object({
  id: z.string(),
  version: z.number().int().positive(),
  state: taskStateSchema,
  progress: z.number().int().min(0).max(100),
  result: taskResultSchema.optional(),
  error: taskErrorSchema.optional(),
});
export type TaskEvent = z.infer<typeof taskEventSchema>;
