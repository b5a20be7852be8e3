import { z } from 'zod';
import { ApiError } from '../errors.js';
import type { Model, ModelCatalogue } from '../models.js';
import {
  ASPECT_RATIOS,
  TASK_STATES,
  VIDEO_LENGTHS,
  VIDEO_PRESETS,
  VIDEO_RESOLUTIONS,
  type VideoParams,
} from '../task.js';
import { textSchema } from '../text.js';
import { parseRequest } from '../validation.js';

/** Body of `POST /v1/video/tasks`. Null counts as absent, as OpenAI's clients send it. */
export const createVideoTaskSchema = z.object({
  model: textSchema,
  prompt: textSchema,
  aspect_ratio: z.enum(ASPECT_RATIOS).nullish(),
  video_length: z.literal(VIDEO_LENGTHS).nullish(),
  resolution: z.enum(VIDEO_RESOLUTIONS).nullish(),
  resolution_name: z.enum(VIDEO_RESOLUTIONS).nullish(),
  preset: z.enum(VIDEO_PRESETS).nullish(),
  image_url: textSchema.nullish(),
});

/** What is to be made, with every default filled in. */
export interface VideoTaskRequest {
  model: Model;
  prompt: string;
  params: Omit<VideoParams, 'image'>;
  /** As the client gave it; not yet checked. */
  imageUrl: string | undefined;
}

/**
 * Parses the body of `POST /v1/video/tasks`.
 * @throws ApiError naming the parameter and what is allowed
 */
export function parseCreateVideoTask(body: unknown, models: ModelCatalogue, maxPromptLength: number): VideoTaskRequest {
  const request = parseRequest(createVideoTaskSchema, body);
  const model = models.require(request.model, 'video');
  checkPrompt(request.prompt, maxPromptLength);
  return {
    model,
    prompt: request.prompt,
    params: {
      aspect_ratio: request.aspect_ratio ?? '3:2',
      video_length: request.video_length ?? 6,
      resolution: request.resolution ?? request.resolution_name ?? '480p',
      preset: request.preset ?? 'normal',
    },
    imageUrl: request.image_url || undefined,
  };
}

function checkPrompt(prompt: string, maxLength: number): void {
  if (prompt.trim() === '') throw new ApiError('empty_prompt', { param: 'prompt' });
  const length = prompt.length;
  if (length > maxLength) {
    throw new ApiError('prompt_too_long', { param: 'prompt', values: { length, max: maxLength } });
  }
}

/** Query of `GET /v1/video/tasks`. */
export const listTasksSchema = z.object({
  status: z.enum(TASK_STATES).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(1000),
  cursor: z.string().optional(),
});

/** Body of `DELETE /v1/video/tasks`. */
export const deleteTasksSchema = z.object({ task_ids: z.array(textSchema).min(1).max(1000) });

/** Path of `DELETE /v1/video/tasks/status/{status}`. */
export const taskStatusPathSchema = z.object({ status: z.enum(TASK_STATES) });
