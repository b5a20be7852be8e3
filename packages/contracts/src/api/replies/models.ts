import { z } from 'zod';
import { modelKindSchema, REASONING_EFFORTS, REFUSABLE_PARAMETERS } from '../../models.js';

/** Reply of `GET /v1/models/{id}`. */
export const modelReplySchema = z.object({
  id: z.string(),
  object: z.literal('model'),
  created: z.int(),
  owned_by: z.literal('xai'),
  /** What it makes. */
  kind: modelKindSchema,
  /** What the upstream calls it. */
  root: z.string(),
  capabilities: z.object({
    reasoning_efforts: z.array(z.enum(REASONING_EFFORTS)).optional(),
    unsupported_parameters: z.array(z.enum(REFUSABLE_PARAMETERS)).optional(),
  }),
});

/** Reply of `GET /v1/models`. */
export const modelListReplySchema = z.object({ object: z.literal('list'), data: z.array(modelReplySchema) });
