import { z } from 'zod';
import { TASK_KINDS } from '../../task.js';

const rate = z.number().nonnegative();
const known = rate.nullable();

/** What was measured over one interval; null where nothing was. */
export const overviewPointSchema = z.object({
  at: z.iso.datetime(),
  /** Of the HTTP API. */
  requests_per_minute: rate,
  /** Replies that were the server's fault, of all; 0 to 1. */
  error_rate: known,
  /** Mean time to the first piece of a streamed chat completion, in seconds. */
  first_token_seconds: known,
  tasks_per_minute: z.object({ completed: rate, failed: rate }),
  queue: z.record(
    z.enum(TASK_KINDS),
    z.object({
      /** Tasks that wait for a worker. */
      waiting: rate,
      oldest_seconds: rate,
    }),
  ),
});
export type OverviewPoint = z.infer<typeof overviewPointSchema>;

/** A process of the system. */
export const overviewProcessSchema = z.object({
  service: z.string(),
  instance: z.string(),
  /** `silent`: it was there within the last minutes, but did not tell how it is the last time. */
  state: z.enum(['ready', 'not_ready', 'silent']),
  memory_bytes: z.number().nullable(),
  started_at: z.iso.datetime().nullable(),
  seen_at: z.iso.datetime(),
});
export type OverviewProcess = z.infer<typeof overviewProcessSchema>;

/** Reply of `GET /admin/api/overview`. */
export const overviewReplySchema = z.object({
  processes: z.array(overviewProcessSchema),
  /** The last hour, oldest first. */
  points: z.array(overviewPointSchema),
});
