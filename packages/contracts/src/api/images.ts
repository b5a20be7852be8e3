import { z } from 'zod';
import { ApiError } from '../errors.js';
import type { Model, ModelCatalogue } from '../models.js';
import { IMAGE_RESPONSE_FORMATS, type ImageParams, MAX_IMAGES } from '../task.js';
import { textSchema } from '../text.js';
import { parseRequest } from '../validation.js';
import { callbackUrlSchema } from './callbacks.js';
import { IMAGE_QUALITY_NAMES, imageQuality } from './image-quality.js';
import { imageShape } from './image-size.js';
import { checkPrompt, type MediaRequestLimits } from './prompt.js';

/** Pictures that one edit takes at most. */
export const MAX_EDIT_IMAGES = 16;
const DEFAULT_MODEL = 'grok-imagine-1.0';
/** What the document says. */
export const GENERATION_SIZE = '1024x1024';
/** The pictures have a shape already. */
export const EDIT_SIZE = 'auto';

// Null counts as absent everywhere, as OpenAI's clients send it. What else these have (`background`, `moderation`, …)
// means nothing to the upstream and is ignored.
const imageFields = {
  prompt: textSchema,
  n: z.int().min(1).max(MAX_IMAGES).nullish().describe('How many; 1 by default.'),
  size: textSchema
    .nullish()
    .describe('WIDTHxHEIGHT, of which the nearest shape is taken that the upstream has, or `auto`.'),
  quality: z.enum(IMAGE_QUALITY_NAMES).nullish().describe('`standard` by default.'),
  response_format: z
    .enum(IMAGE_RESPONSE_FORMATS)
    .nullish()
    .describe('`url` by default; `base64` replies under both `b64_json` and `base64`.'),
  style: textSchema.nullish().describe('Accepted; the upstream has no styles.'),
  stream: z.boolean().nullish().describe('Server-sent events; each image as soon as it is ready.'),
  user: textSchema.max(512).nullish(),
};

/** Body of `POST /v1/images/generations`. */
export const imageGenerationSchema = z.object({ model: textSchema.nullish(), ...imageFields });

/** Body of `POST /v1/images/generations/async`. */
export const createImageGenerationSchema = z.object({
  model: textSchema,
  ...imageFields,
  callback_url: callbackUrlSchema,
});

/** Fields of `POST /v1/images/edits` besides its pictures. */
export const imageEditFieldsSchema = imageGenerationSchema.extend({ mask: z.unknown().optional() });

const pictureAddressSchema = z.union([
  textSchema,
  z.object({ image_url: z.union([textSchema, z.object({ url: textSchema })]) }),
  z.object({ url: textSchema }),
]);
const pictureAddressesSchema = z.union([pictureAddressSchema, z.array(pictureAddressSchema)]).nullish();

/** JSON body of `POST /v1/images/edits`: the pictures are addresses or data URLs, in OpenAI's form or xAI's. */
export const imageEditSchema = imageEditFieldsSchema.extend({
  image: pictureAddressesSchema,
  images: pictureAddressesSchema,
});

/** Images to be made, with every default filled in. */
export interface ImageRequest {
  model: Model;
  prompt: string;
  params: ImageParams;
  stream: boolean;
}

/** Images to be made by a task. The address is as the client gave it, not yet checked. */
export interface ImageTaskRequest extends Omit<ImageRequest, 'stream'> {
  callbackUrl: string | undefined;
}

/**
 * Parses the body of `POST /v1/images/generations`.
 * @throws ApiError naming the parameter and what is allowed
 */
export function parseImageGeneration(body: unknown, models: ModelCatalogue, limits: MediaRequestLimits): ImageRequest {
  return toImageRequest(parseRequest(imageGenerationSchema, body), GENERATION_SIZE, models, limits);
}

/**
 * Parses the body of `POST /v1/images/generations/async`.
 * @throws ApiError naming the parameter and what is allowed
 */
export function parseCreateImageGeneration(
  body: unknown,
  models: ModelCatalogue,
  limits: MediaRequestLimits,
): ImageTaskRequest {
  const fields = parseRequest(createImageGenerationSchema, body);
  const { model, prompt, params } = toImageRequest(fields, GENERATION_SIZE, models, limits);
  return { model, prompt, params, callbackUrl: fields.callback_url || undefined };
}

/**
 * Parses the fields of a multipart `POST /v1/images/edits`, all of them texts. What is empty counts as absent, except the
 * prompt and the size.
 * @throws ApiError naming the parameter and what is allowed
 */
export function parseImageEditFields(
  fields: unknown,
  models: ModelCatalogue,
  limits: MediaRequestLimits,
): ImageRequest {
  const { n, stream, ...texts } = parseRequest(z.record(z.string(), z.unknown()), fields);
  const given = Object.entries(texts).filter(([name, value]) => value !== '' || name === 'prompt' || name === 'size');
  return toEditRequest({ ...Object.fromEntries(given), n: toNumber(n), stream: toBoolean(stream) }, models, limits);
}

/**
 * Parses the JSON body of `POST /v1/images/edits`. The addresses of the pictures are as given, not yet checked.
 * @throws ApiError naming the parameter and what is allowed
 */
export function parseImageEdit(
  body: unknown,
  models: ModelCatalogue,
  limits: MediaRequestLimits,
): ImageRequest & { imageUrls: string[] } {
  const { image, images } = parseRequest(imageEditSchema, body);
  return { ...toEditRequest(body, models, limits), imageUrls: toUrls([image ?? [], images ?? []].flat(2)) };
}

/** The pictures of an edit, if their number is good. @throws ApiError `missing_required_parameter`, `invalid_value` */
export function checkEditImages<Picture>(pictures: readonly Picture[], param: string): readonly Picture[] {
  if (pictures.length === 0) throw new ApiError('missing_required_parameter', { param });
  if (pictures.length > MAX_EDIT_IMAGES) {
    const values = { value: `${pictures.length} pictures`, allowed: `At most ${MAX_EDIT_IMAGES}.` };
    throw new ApiError('invalid_value', { param, values });
  }
  return pictures;
}

function toEditRequest(fields: unknown, models: ModelCatalogue, limits: MediaRequestLimits): ImageRequest {
  const { mask, ...request } = parseRequest(imageEditFieldsSchema, fields);
  if (mask != null) throw new ApiError('mask_not_supported', { param: 'mask' });
  return toImageRequest(request, EDIT_SIZE, models, limits);
}

/** What the fields ask for, with every default filled in. @throws ApiError for a model, a prompt or a size that cannot be */
export function toImageRequest(
  fields: z.infer<typeof imageGenerationSchema>,
  defaultSize: string,
  models: ModelCatalogue,
  limits: MediaRequestLimits,
): ImageRequest {
  const model = models.require(fields.model ?? DEFAULT_MODEL, 'image');
  const quality = imageQuality(fields.quality ?? 'standard', model);
  return {
    model,
    prompt: checkPrompt(fields.prompt, 'prompt', limits),
    params: {
      n: fields.n ?? 1,
      ...imageShape(fields.size ?? defaultSize),
      ...(quality === undefined ? {} : { quality }),
      response_format: fields.response_format ?? 'url',
      ...(fields.user ? { user: fields.user } : {}),
    },
    stream: fields.stream ?? false,
  };
}

function toUrls(addresses: readonly z.infer<typeof pictureAddressSchema>[]): string[] {
  return addresses.map((address) => {
    if (typeof address === 'string') return address;
    if ('url' in address) return address.url;
    return typeof address.image_url === 'string' ? address.image_url : address.image_url.url;
  });
}

// What is no number or no boolean stays a text, which the schema then refuses.

function toNumber(text: unknown): unknown {
  if (text === '') return undefined;
  return typeof text === 'string' && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

const BOOLEANS: Readonly<Record<string, boolean | undefined>> = {
  '': undefined,
  true: true,
  false: false,
  1: true,
  0: false,
};

function toBoolean(text: unknown): unknown {
  const word = typeof text === 'string' ? text.toLowerCase() : undefined;
  return word !== undefined && Object.hasOwn(BOOLEANS, word) ? BOOLEANS[word] : text;
}
