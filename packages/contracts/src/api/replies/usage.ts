import { z } from 'zod';
import { usageCountsSchema, usageRowSchema } from '../../bus/usage.js';

const { cost_ticks, ...countFields } = usageCountsSchema.shape;

const countsSchema = z.object({
  ...countFields,
  /** Ticks of 10^-10 US dollars. */
  cost_in_usd_ticks: cost_ticks,
  cost_usd: z.number().nonnegative(),
});

const { day, model, credential_id, owner } = usageRowSchema.shape;
const groupSchema = countsSchema.extend({
  day: day.optional(),
  model: model.optional(),
  credential_id: credential_id.optional(),
  /** The client key. */
  key: owner.optional(),
});

const reportFields = {
  object: z.literal('usage'),
  from: z.iso.date(),
  to: z.iso.date(),
  data: z.array(groupSchema),
  total: countsSchema,
};

/** Reply of `GET /v1/usage`. */
export const usageReplySchema = z.object({
  ...reportFields,
  /** Null where the key has none. */
  budget: z
    .object({
      monthly_usd: z.number(),
      used_usd: z.number(),
      remaining_usd: z.number(),
      resets_at: z.iso.datetime(),
    })
    .nullable(),
});

/** Reply of `GET /admin/api/usage`. */
export const adminUsageReplySchema = z.object({ ...reportFields, next_offset: z.int().nullable() });
