import { z } from 'zod';
import type { ModelCatalogue } from '../models.js';
import { textSchema } from '../text.js';
import { parseRequest } from '../validation.js';
import { messageSchema } from './messages.js';
import { toVideoRequest, type VideoRequestLimits, type VideoTaskRequest, videoConfigSchema } from './video-tasks.js';

/** Body of `POST /chat/completions` with a video model; what only text models have is ignored. */
export const videoCompletionSchema = z.object({
  model: textSchema,
  messages: z.array(messageSchema),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  video_config: videoConfigSchema.nullish(),
});

/** A chat completion that is a video. */
export interface VideoCompletionRequest {
  video: VideoTaskRequest;
  stream: boolean;
  includeUsage: boolean;
}

/**
 * Parses the body of `POST /chat/completions` with a video model.
 * @throws ApiError naming the parameter and what is allowed
 */
export function parseVideoCompletion(
  body: unknown,
  models: ModelCatalogue,
  limits: VideoRequestLimits,
): VideoCompletionRequest {
  const request = parseRequest(videoCompletionSchema, body);
  return {
    video: toVideoRequest(request, models, limits),
    stream: request.stream ?? false,
    includeUsage: request.stream_options?.include_usage ?? false,
  };
}
