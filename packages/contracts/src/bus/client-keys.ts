import { z } from 'zod';
import { textSchema } from '../text.js';
import { webhookSecretSchema } from '../webhook-secret.js';
import type { Rpc } from './rpc.js';
import type { Topic } from './topic.js';

const SERVICE = 'token-pool';
const MAX_PAGE = 500;

const idSchema = z.string().regex(/^key_[0-9a-f]{32}$/);

const timeSchema = z.iso.datetime();
const hashSchema = z.string().regex(/^[0-9a-f]{64}$/);
/** A month by UTC: `2026-11`. */
const monthSchema = z.string().regex(/^\d{4}-\d{2}$/);

/** What a client key may do. Null is no limit. */
export const clientKeyLimitsSchema = z.object({
  requests_per_minute: z.int32().positive().nullable(),
  /** Requests at a time. */
  max_concurrency: z.int32().positive().nullable(),
  /** Names of models as clients write them; no other may be used. */
  models: z.array(textSchema).nullable(),
  /** In ticks of 10^-10 US dollars, for each month by UTC. */
  monthly_budget_ticks: z.int().nonnegative().nullable(),
  expires_at: timeSchema.nullable(),
});
export type ClientKeyLimits = z.infer<typeof clientKeyLimitsSchema>;

const commonFields = {
  /** The owner of what is made with the key. */
  id: idSchema,
  name: textSchema,
  ...clientKeyLimitsSchema.shape,
  revoked_at: timeSchema.nullable(),
  /** The month whose budget is used up. */
  budget_exhausted_in: monthSchema.nullable(),
};

/** A client key as gateways know it: by the SHA-256 of its secret, in hex. */
export const clientKeySchema = z.object({ ...commonFields, secret_hash: hashSchema });
export type ClientKey = z.infer<typeof clientKeySchema>;

/** A client key as its administrator sees it. */
export const clientKeyEntrySchema = z.object({ ...commonFields, last4: textSchema, created_at: timeSchema });
export type ClientKeyEntry = z.infer<typeof clientKeyEntrySchema>;

/** Published, empty, whenever a client key was made or changed. */
export const clientKeysChanged = {
  subject: 'grok.client-keys.changed',
  event: z.object({}),
} satisfies Topic<z.ZodType>;

/**
 * Reads the client keys that changed after a change that the reader knows, in the order of their changes; 0 reads all.
 * A key is never removed, so that whoever goes on from `up_to` until it reaches `latest` knows them all.
 */
export const listClientKeys = {
  subject: 'grok.client-keys.list',
  service: SERVICE,
  request: z.object({ after: z.int().nonnegative(), limit: z.int().min(1).max(MAX_PAGE) }),
  reply: z.object({
    keys: z.array(clientKeySchema),
    /** The last change that this page and those before it tell of. */
    up_to: z.int().nonnegative(),
    /** The last change there is; 0 when there has never been a key. */
    latest: z.int().nonnegative(),
  }),
} satisfies Rpc<z.ZodType, z.ZodType>;

/** Counts requests of a key against its requests per minute, as many of the asked ones as it has left. */
export const admitRequests = {
  subject: 'grok.client-keys.admit',
  service: SERVICE,
  request: z.object({ key_id: idSchema, count: z.int().min(1).max(100_000) }),
  reply: z.object({
    admitted: z.int().nonnegative(),
    remaining: z.int().nonnegative(),
    /** Until one more will be admitted; 0 when one would be now. */
    retry_after_ms: z.int().nonnegative(),
    /** Until nothing is counted any more. */
    reset_ms: z.int().nonnegative(),
  }),
} satisfies Rpc<z.ZodType, z.ZodType>;

/**
 * Says how many requests of a key a gateway wants to have in progress; 0 gives all back. The number stands for some
 * seconds: the gateway says it again in time.
 */
export const holdRequestSlots = {
  subject: 'grok.client-keys.hold',
  service: SERVICE,
  request: z.object({ key_id: idSchema, holder: textSchema.min(1), slots: z.int().min(0).max(1_000_000) }),
  reply: z.object({
    /** How many it may have, over what it had before as well. */
    slots: z.int().nonnegative(),
    expires_in_ms: z.int().nonnegative(),
  }),
} satisfies Rpc<z.ZodType, z.ZodType>;

/** One page of the client keys, the newest first. */
export const listClientKeyEntries = {
  subject: 'grok.client-keys.admin.list',
  service: SERVICE,
  request: z.object({ limit: z.int().min(1).max(MAX_PAGE), cursor: textSchema.optional() }),
  reply: z.discriminatedUnion('status', [
    z.object({ status: z.literal('ok'), keys: z.array(clientKeyEntrySchema), next_cursor: textSchema.nullable() }),
    z.object({ status: z.literal('bad_cursor') }),
  ]),
} satisfies Rpc<z.ZodType, z.ZodType>;

/** Makes a client key. Its secret stays with who made it up. */
export const createClientKey = {
  subject: 'grok.client-keys.admin.create',
  service: SERVICE,
  request: clientKeyLimitsSchema.extend({ name: textSchema, secret_hash: hashSchema, last4: textSchema }),
  reply: z.object({ key: clientKeyEntrySchema }),
} satisfies Rpc<z.ZodType, z.ZodType>;

const entryReply = z.object({ key: clientKeyEntrySchema.nullable() });

/** Changes a client key's name or limits; what is not there stays. Null is answered for a key that never was. */
export const updateClientKey = {
  subject: 'grok.client-keys.admin.update',
  service: SERVICE,
  request: z.object({ key_id: textSchema, changes: clientKeyLimitsSchema.extend({ name: textSchema }).partial() }),
  reply: entryReply,
} satisfies Rpc<z.ZodType, z.ZodType>;

/** Ends a client key for good. Doing it again changes nothing. */
export const revokeClientKey = {
  subject: 'grok.client-keys.admin.revoke',
  service: SERVICE,
  request: z.object({ key_id: textSchema }),
  reply: entryReply,
} satisfies Rpc<z.ZodType, z.ZodType>;

/**
 * Gives a client key a secret of its own that callbacks of its tasks are signed with; the one before signs along for a
 * day. Null is answered for a key that never was. The request holds a secret.
 */
export const setWebhookSecret = {
  subject: 'grok.client-keys.admin.set-webhook-secret',
  service: SERVICE,
  request: z.object({ key_id: z.string(), secret: webhookSecretSchema }),
  reply: entryReply,
} satisfies Rpc<z.ZodType, z.ZodType>;

/** Reads what callbacks of an owner's tasks are signed with; null where it has no secret of its own. The reply holds secrets. */
export const webhookSecretsOf = {
  subject: 'grok.client-keys.webhook-secrets',
  service: SERVICE,
  request: z.object({ key_id: z.string() }),
  reply: z.object({ current: webhookSecretSchema.nullable(), previous: webhookSecretSchema.nullable() }),
} satisfies Rpc<z.ZodType, z.ZodType>;
