import { z } from 'zod';
import { TASK_STATES } from '../task.js';
import { textSchema } from '../text.js';

/** Query of `GET /v1/video/tasks` and `GET /v1/images/tasks`. */
export const listTasksSchema = z.object({
  status: z.enum(TASK_STATES).optional().describe('Only those in this state.'),
  limit: z.coerce.number().int().min(1).max(1000).default(1000),
  cursor: z.string().optional().describe('`next_cursor` of the page before.'),
});

/** Body of `DELETE /v1/video/tasks` and `DELETE /v1/images/tasks`. */
export const deleteTasksSchema = z.object({ task_ids: z.array(textSchema).min(1).max(1000) });

/** Path of `DELETE /v1/video/tasks/status/{status}`, and likewise of the image tasks. */
export const taskStatusPathSchema = z.object({ status: z.enum(TASK_STATES) });
