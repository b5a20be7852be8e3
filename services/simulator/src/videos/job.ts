import { z } from 'zod';
import { ASPECT_RATIOS, RESOLUTIONS } from './frame-size.js';
import { outcomeOf } from './magic-words.js';

/** A job as its file holds it. Times are milliseconds since 1970. */
export const jobSchema = z.object({
  request_id: z.uuid(),
  key_sha256: z.string(),
  prompt: z.string(),
  model: z.string(),
  /** Seconds. */
  duration: z.int(),
  aspect_ratio: z.enum(ASPECT_RATIOS),
  resolution: z.enum(RESOLUTIONS),
  has_image: z.boolean(),
  created_at: z.number(),
  /** How long the making takes, in milliseconds: a restart with another setting does not change running jobs. */
  generation_ms: z.number(),
  /** When the video was first ready on disk; null until then. */
  rendered_at: z.number().nullable(),
  /** The name that makes the URL of the video unguessable. */
  file_token: z.string(),
});

export type Job = z.infer<typeof jobSchema>;

/**
 * When a job ends, which may lie ahead: its time has passed, and its video, if it becomes one, has been made.
 * Null while that is not known.
 */
export function doneAt(job: Job): number | null {
  const generated = job.created_at + job.generation_ms;
  const { kind } = outcomeOf(job.prompt);
  if (kind === 'never') return null;
  if (kind !== 'video') return generated;
  return job.rendered_at === null ? null : Math.max(generated, job.rendered_at);
}
