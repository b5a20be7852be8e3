import { z } from 'zod';
import type { ModelCatalogue } from '../models.js';
import { textSchema } from '../text.js';
import { parseRequest } from '../validation.js';
import { checkEditImages, EDIT_SIZE, GENERATION_SIZE, type ImageRequest, toImageRequest } from './images.js';
import { lastRequest, messageSchema } from './messages.js';
import { checkPrompt, type MediaRequestLimits } from './prompt.js';
import { toVideoRequest, type VideoTaskRequest, videoConfigSchema } from './video-tasks.js';

const completionFields = {
  model: textSchema,
  messages: z.array(messageSchema),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
};

/** Body of `POST /chat/completions` with a video model; what only text models have is ignored. */
export const videoCompletionSchema = z.object({ ...completionFields, video_config: videoConfigSchema.nullish() });

/** Body of `POST /chat/completions` with an image model; what only text models have is ignored. */
export const imageCompletionSchema = z.object(completionFields);

/** How the answer of a chat completion is to be given. */
export interface CompletionOptions {
  stream: boolean;
  includeUsage: boolean;
}

/** A chat completion that is a video. */
export interface VideoCompletionRequest extends CompletionOptions {
  video: VideoTaskRequest;
}

/** A chat completion that is an image: one from the prompt, or from the pictures of the last user message. */
export interface ImageCompletionRequest extends CompletionOptions {
  image: ImageRequest;
  /** As the client gave them, not yet checked. */
  imageUrls: readonly string[];
}

/**
 * Parses the body of `POST /chat/completions` with a video model.
 * @throws ApiError naming the parameter and what is allowed
 */
export function parseVideoCompletion(
  body: unknown,
  models: ModelCatalogue,
  limits: MediaRequestLimits,
): VideoCompletionRequest {
  const request = parseRequest(videoCompletionSchema, body);
  return { video: toVideoRequest(request, models, limits), ...optionsOf(request) };
}

/**
 * Parses the body of `POST /chat/completions` with an image model.
 * @throws ApiError naming the parameter and what is allowed
 */
export function parseImageCompletion(
  body: unknown,
  models: ModelCatalogue,
  limits: MediaRequestLimits,
): ImageCompletionRequest {
  const request = parseRequest(imageCompletionSchema, body);
  const { prompt, imageUrls } = lastRequest(request.messages);
  const isEdit = imageUrls.length > 0;
  if (isEdit) checkEditImages(imageUrls, 'messages');
  const fields = { model: request.model, prompt: checkPrompt(prompt, 'messages', limits) };
  const image = toImageRequest(fields, isEdit ? EDIT_SIZE : GENERATION_SIZE, models, limits);
  return { image, imageUrls, ...optionsOf(request) };
}

function optionsOf({ stream, stream_options }: z.infer<typeof imageCompletionSchema>): CompletionOptions {
  return { stream: stream ?? false, includeUsage: stream_options?.include_usage ?? false };
}
