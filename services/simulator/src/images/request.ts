import { z } from 'zod';
import type { ImageModel } from '../models/catalogue.js';
import { requireModel } from '../models/require-model.js';
import { parseBody } from '../wire/parse-body.js';
import { invalidArgument } from '../wire/xai-error.js';
import { ASPECT_RATIOS } from './image-size.js';

const MAX_INPUTS = 3;
const REFUSED = ['size', 'style', 'seed', 'mask'] as const;

// Fields that xAI does not know are ignored, and null counts as absent.
const generationSchema = z.object({
  model: z.string().min(1),
  prompt: z.string().regex(/\S/, 'must not be empty'),
  n: z
    .int()
    .min(1)
    .max(10)
    .nullish()
    .transform((n) => n ?? 1),
  aspect_ratio: z
    .enum([...ASPECT_RATIOS, 'auto'])
    .nullish()
    .transform((ratio) => ratio ?? 'auto'),
  resolution: z
    .enum(['1k', '2k'])
    .nullish()
    .transform((resolution) => resolution ?? '1k'),
  quality: z.enum(['low', 'medium', 'auto']).nullish(),
  response_format: z
    .enum(['url', 'b64_json'])
    .nullish()
    .transform((format) => format ?? 'url'),
  user: z.string().nullish(),
});

const input = z.object({ url: z.string().min(1) });
const editSchema = generationSchema.extend({
  image: input.nullish(),
  images: z.array(input).min(1).max(MAX_INPUTS).nullish(),
});

/** A request for pictures that xAI takes, with its defaults. */
export interface ImageRequest extends Omit<z.infer<typeof generationSchema>, 'model' | 'quality' | 'user'> {
  model: ImageModel;
  /** URLs of the pictures to edit; none for a generation. */
  inputs: readonly string[];
}

/**
 * Reads the body of a generation as xAI does.
 * @throws XaiError 400 for a wrong field or one that the model refuses, 404 for an unknown model
 */
export function parseGeneration(body: unknown): ImageRequest {
  return checked(parseBody(generationSchema, body), body, []);
}

/**
 * Reads the body of an edit as xAI does: `image` or `images`, 1 to 3 of them.
 * @throws XaiError 400 for a wrong field or one that the model refuses, 404 for an unknown model
 */
export function parseEdit(body: unknown): ImageRequest {
  const { image, images, ...rest } = parseBody(editSchema, body);
  if (image && images) throw invalidArgument('Only one of `image` and `images` may be given.');
  const inputs = images ?? (image ? [image] : []);
  if (inputs.length === 0) throw invalidArgument('One of `image` and `images` must be given.');
  return checked(rest, body, inputs);
}

function checked(
  parsed: z.infer<typeof generationSchema>,
  body: unknown,
  inputs: readonly { url: string }[],
): ImageRequest {
  const { quality, user: _, ...rest } = parsed;
  const model = requireModel(parsed.model, 'image');
  const given = z.record(z.string(), z.unknown()).parse(body);
  const refused = REFUSED.find((field) => given[field] !== undefined && given[field] !== null);
  if (refused !== undefined) throw invalidArgument(`Argument not supported: ${refused}`);
  if (quality && !model.takesQuality) throw invalidArgument('Argument not supported on this model: quality');
  return { ...rest, model, inputs: inputs.map(({ url }) => url) };
}
