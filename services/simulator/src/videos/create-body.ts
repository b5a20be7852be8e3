import { z } from 'zod';
import type { VideoModel } from '../models/catalogue.js';
import { requireModel } from '../models/require-model.js';
import { parseBody } from '../wire/parse-body.js';
import { ASPECT_RATIOS, RESOLUTIONS } from './frame-size.js';

const DEFAULT_DURATION_S = 8;

// Fields that xAI does not know are ignored, and null counts as absent.
const createBodySchema = z.object({
  model: z.string().min(1),
  prompt: z.string().regex(/\S/, 'must not be empty'),
  duration: z
    .int()
    .min(1)
    .max(15)
    .nullish()
    .transform((seconds) => seconds ?? DEFAULT_DURATION_S),
  aspect_ratio: z.enum(ASPECT_RATIOS).nullish(),
  resolution: z
    .enum(RESOLUTIONS)
    .nullish()
    .transform((resolution) => resolution ?? '480p'),
  image: z.object({ url: z.string().min(1) }).nullish(),
});

/** What a create asks for, with xAI's defaults; the default of the ratio depends on the picture. */
export type CreateBody = Omit<z.infer<typeof createBodySchema>, 'model'> & { model: VideoModel };

/**
 * Reads the body of a create as xAI does.
 * @throws XaiError 400 for a wrong field or a model that makes no videos, 404 for an unknown model
 */
export function parseCreateBody(body: unknown): CreateBody {
  const parsed = parseBody(createBodySchema, body);
  return { ...parsed, model: requireModel(parsed.model, 'video') };
}
