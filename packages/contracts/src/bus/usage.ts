import { z } from 'zod';
import { textSchema } from '../text.js';
import type { Rpc } from './rpc.js';

const SERVICE = 'token-pool';
/** Rows that one message carries at most. */
export const USAGE_BATCH = 500;
const MAX_PAGE = 1000;

const countSchema = z.int().nonnegative();
const daySchema = z.iso.date();
const nameSchema = textSchema.max(1000);

/** What is counted of calls to the upstream. */
export const usageCountsSchema = z.object({
  requests: countSchema,
  prompt_tokens: countSchema,
  /** Reasoning included. */
  completion_tokens: countSchema,
  reasoning_tokens: countSchema,
  /** The part of the prompt that the upstream had in its cache. */
  cached_tokens: countSchema,
  images: countSchema,
  video_seconds: countSchema,
  /** In ticks of 10^-10 US dollars. */
  cost_ticks: countSchema,
});
export type UsageCounts = z.infer<typeof usageCountsSchema>;

/** Nothing used. */
export const NO_USAGE: UsageCounts = {
  requests: 0,
  prompt_tokens: 0,
  completion_tokens: 0,
  reasoning_tokens: 0,
  cached_tokens: 0,
  images: 0,
  video_seconds: 0,
  cost_ticks: 0,
};
/** The names of what is counted. */
export const USAGE_COUNTS = usageCountsSchema.keyof().options;

export const usageRowSchema = usageCountsSchema.extend({
  /** By UTC. */
  day: daySchema,
  credential_id: nameSchema,
  /** Of the upstream. */
  model: nameSchema,
  owner: nameSchema,
});
export type UsageRow = z.infer<typeof usageRowSchema>;

/** Adds to what was used. A batch that comes twice counts once. */
export const recordUsage = {
  subject: 'grok.usage.record',
  service: SERVICE,
  request: z.object({ batch_id: z.uuid(), rows: z.array(usageRowSchema).min(1).max(USAGE_BATCH) }),
  reply: z.object({}),
} satisfies Rpc<z.ZodType, z.ZodType>;

/** What usage can be split by. */
export const USAGE_GROUPS = ['day', 'model', 'credential_id', 'owner'] as const;
export const usageGroupSchema = z.enum(USAGE_GROUPS);
export type UsageGroup = z.infer<typeof usageGroupSchema>;

export const usageQuerySchema = z.object({
  /** Both days count. */
  from: daySchema,
  to: daySchema,
  owner: textSchema.optional(),
  credential_id: textSchema.optional(),
  model: textSchema.optional(),
  group_by: z.array(usageGroupSchema),
  limit: z.int().min(1).max(MAX_PAGE),
  offset: z.int().nonnegative(),
});
export type UsageQuery = z.infer<typeof usageQuerySchema>;

/** Counts of one group: it has the names of what was grouped by. */
const usageGroupCountsSchema = usageRowSchema.partial({ day: true, model: true, credential_id: true, owner: true });
export type UsageGroupCounts = z.infer<typeof usageGroupCountsSchema>;

/** Adds up what was used, for each of the groups that were asked for and over all. */
export const queryUsage = {
  subject: 'grok.usage.query',
  service: SERVICE,
  request: usageQuerySchema,
  reply: z.object({
    rows: z.array(usageGroupCountsSchema),
    total: usageCountsSchema,
    has_more: z.boolean(),
  }),
} satisfies Rpc<z.ZodType, z.ZodType>;
