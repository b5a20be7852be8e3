import { z } from 'zod';
import type { Model, ModelCatalogue } from '../models.js';
import { ASPECT_RATIOS, VIDEO_LENGTHS, VIDEO_PRESETS, VIDEO_RESOLUTIONS, type VideoParams } from '../task.js';
import { textSchema } from '../text.js';
import { parseRequest } from '../validation.js';
import { callbackUrlSchema } from './callbacks.js';
import { lastRequest, messageSchema } from './messages.js';
import { checkPrompt, type MediaRequestLimits } from './prompt.js';

// Null counts as absent everywhere, as OpenAI's clients send it.
const videoConfigFields = {
  aspect_ratio: z.enum(ASPECT_RATIOS).nullish().describe('Width to height; 3:2 by default.'),
  video_length: z.literal(VIDEO_LENGTHS).nullish().describe('Seconds; 6 by default.'),
  resolution_name: z.enum(VIDEO_RESOLUTIONS).nullish().describe('Resolution; 480p by default.'),
  preset: z.enum(VIDEO_PRESETS).nullish().describe('Style; `normal` by default.'),
};
const flatFields = {
  ...videoConfigFields,
  resolution: z.enum(VIDEO_RESOLUTIONS).nullish().describe('The same as `resolution_name`, and before it.'),
  image_url: textSchema
    .nullish()
    .describe('The first frame: a public address, a data URL, or the URL of an upload to this server.'),
  callback_url: callbackUrlSchema,
};

/** `video_config` of a chat completion and of the async create. */
export const videoConfigSchema = z.object(videoConfigFields);

/** Body of `POST /v1/video/tasks`. */
export const createVideoTaskSchema = z.object({ model: textSchema, prompt: textSchema, ...flatFields });

/** Body of `POST /v1/video/generations/async`: a conversation and its `video_config`. */
export const createVideoGenerationSchema = z.object({
  model: textSchema,
  messages: z.array(messageSchema),
  video_config: videoConfigSchema.nullish(),
  callback_url: callbackUrlSchema,
});

/** The same route's flat body: the fields of a task, and a `video_config` all the same. */
export const createFlatVideoGenerationSchema = createVideoTaskSchema.extend({
  video_config: videoConfigSchema.nullish(),
});

/** What is to be made, with every default filled in. Addresses are as the client gave them, not yet checked. */
export interface VideoTaskRequest {
  model: Model;
  prompt: string;
  params: Omit<VideoParams, 'image'>;
  imageUrl: string | undefined;
  callbackUrl: string | undefined;
}

/**
 * Parses the body of `POST /v1/video/tasks`.
 * @throws ApiError naming the parameter and what is allowed
 */
export function parseCreateVideoTask(
  body: unknown,
  models: ModelCatalogue,
  limits: MediaRequestLimits,
): VideoTaskRequest {
  return toRequest(parseRequest(createVideoTaskSchema, body), models, limits);
}

/**
 * Parses the body of `POST /v1/video/generations/async`.
 * @throws ApiError naming the parameter and what is allowed
 */
export function parseCreateVideoGeneration(
  body: unknown,
  models: ModelCatalogue,
  limits: MediaRequestLimits,
): VideoTaskRequest {
  return isFlat(body) ? parseFlat(body, models, limits) : parseConversation(body, models, limits);
}

function isFlat(body: unknown): boolean {
  const keys = z.object({ messages: z.unknown(), prompt: z.unknown() }).partial().safeParse(body).data;
  return keys?.messages == null && keys?.prompt != null;
}

function parseFlat(body: unknown, models: ModelCatalogue, limits: MediaRequestLimits): VideoTaskRequest {
  const { video_config, ...flat } = parseRequest(createFlatVideoGenerationSchema, body);
  const config = Object.fromEntries(Object.entries(video_config ?? {}).filter(([, value]) => value != null));
  return toRequest({ ...flat, ...config }, models, limits);
}

function parseConversation(body: unknown, models: ModelCatalogue, limits: MediaRequestLimits): VideoTaskRequest {
  return toVideoRequest(parseRequest(createVideoGenerationSchema, body), models, limits);
}

/** The video that a conversation asks for. @throws ApiError for a model, a prompt or a length that cannot be */
export function toVideoRequest(
  request: z.infer<typeof createVideoGenerationSchema>,
  models: ModelCatalogue,
  limits: MediaRequestLimits,
): VideoTaskRequest {
  const { prompt, imageUrls } = lastRequest(request.messages);
  return {
    model: models.require(request.model, 'video'),
    prompt: checkPrompt(prompt, 'messages', limits),
    params: videoParams(request.video_config ?? {}),
    imageUrl: imageUrls[0],
    callbackUrl: request.callback_url || undefined,
  };
}

function toRequest(
  request: z.infer<typeof createVideoTaskSchema>,
  models: ModelCatalogue,
  limits: MediaRequestLimits,
): VideoTaskRequest {
  return {
    model: models.require(request.model, 'video'),
    prompt: checkPrompt(request.prompt, 'prompt', limits),
    params: videoParams(request),
    imageUrl: request.image_url || undefined,
    callbackUrl: request.callback_url || undefined,
  };
}

function videoParams(given: z.infer<typeof videoConfigSchema> & { resolution?: '480p' | '720p' | null | undefined }) {
  return {
    aspect_ratio: given.aspect_ratio ?? '3:2',
    video_length: given.video_length ?? 6,
    resolution: given.resolution ?? given.resolution_name ?? '480p',
    preset: given.preset ?? 'normal',
  };
}
