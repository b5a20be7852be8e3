import { z } from 'zod';
import { textSchema } from '../text.js';
import type { Rpc } from './rpc.js';

const SERVICE = 'token-pool';
/** Credentials that one message carries at most: the rest of an import goes in further ones. */
export const CREDENTIAL_BATCH = 500;
const MAX_PAGE = 500;

/** What an administrator may set of a credential, and see, besides its secret. */
const settableFields = {
  label: textSchema,
  /** With `/v1`, without a trailing slash. */
  base_url: textSchema,
  /** The HTTP proxy that its calls go through. Set with user and password, shown without; null is the one of all calls. */
  proxy_url: textSchema.nullable(),
  /** The higher one is preferred. */
  priority: z.int32(),
  /** Calls at a time; 0 is no limit. */
  max_concurrency: z.int32().nonnegative(),
  /** Calls begun in a second, evenly spaced; 0 is no limit. */
  requests_per_second: z.int32().nonnegative(),
  /** In ticks of 10^-10 US dollars, for each month by UTC; null is no limit. */
  monthly_budget_ticks: z.int().nonnegative().nullable(),
};

/**
 * How a credential is: `cooling` when a model of it rests at the moment. The others but `ok` get no new grants: their
 * budget is used up, the upstream refuses them or wants money, they went from the environment, or an administrator
 * disabled or deleted them.
 */
export const CREDENTIAL_STATES = [
  'ok',
  'cooling',
  'over_budget',
  'dead',
  'no_credits',
  'removed',
  'disabled',
  'deleted',
] as const;
export const credentialStateSchema = z.enum(CREDENTIAL_STATES);

/** A credential as its administrator sees it. */
export const credentialEntrySchema = z.object({
  id: textSchema,
  ...settableFields,
  last4: textSchema,
  source: z.enum(['environment', 'admin']),
  enabled: z.boolean(),
  state: credentialStateSchema,
  /** Slots granted at the moment. */
  in_use: z.int().nonnegative(),
  created_at: z.iso.datetime(),
  /** When a grant was last given. */
  last_used_at: z.iso.datetime().nullable(),
  /** What is known of upstream models with it; nothing bad is known of others. */
  models: z.array(
    z.object({
      model: textSchema,
      state: z.enum(['ok', 'cooling', 'dead']),
      cooling_until: z.iso.datetime().nullable(),
      last_error: textSchema.nullable(),
    }),
  ),
});
export type CredentialEntry = z.infer<typeof credentialEntrySchema>;

export const CREDENTIAL_SORTS = ['created_at', 'label', 'priority', 'last_used_at'] as const;

/** Which credentials are listed, and how. Deleted ones are only where they are asked for. */
export const credentialQuerySchema = z.object({
  limit: z.int().min(1).max(MAX_PAGE),
  cursor: textSchema.optional(),
  state: credentialStateSchema.optional(),
  enabled: z.boolean().optional(),
  /** A part of the label, or the last four characters. */
  search: textSchema.optional(),
  sort: z.enum(CREDENTIAL_SORTS),
  order: z.enum(['asc', 'desc']),
});
export type CredentialQuery = z.infer<typeof credentialQuerySchema>;

/** One page of the credentials. */
export const listCredentials = {
  subject: 'grok.credentials.admin.list',
  service: SERVICE,
  request: credentialQuerySchema,
  reply: z.discriminatedUnion('status', [
    z.object({
      status: z.literal('ok'),
      credentials: z.array(credentialEntrySchema),
      next_cursor: textSchema.nullable(),
    }),
    z.object({ status: z.literal('bad_cursor') }),
  ]),
} satisfies Rpc<z.ZodType, z.ZodType>;

/** A new credential; what is not there is as for those of the environment. */
export const newCredentialSchema = z
  .object(settableFields)
  .partial()
  .extend({ secret: textSchema.min(1) });
export type NewCredential = z.infer<typeof newCredentialSchema>;

/** Adds credentials; the results are in their order. Doing it again finds duplicates. The request holds secrets. */
export const addCredentials = {
  subject: 'grok.credentials.admin.add',
  service: SERVICE,
  request: z.object({ credentials: z.array(newCredentialSchema).min(1).max(CREDENTIAL_BATCH) }),
  reply: z.object({
    results: z.array(
      z.object({
        /** `restored`: it had been deleted; `duplicate`: it is there, and stays as it is. */
        status: z.enum(['added', 'restored', 'duplicate']),
        id: textSchema,
      }),
    ),
  }),
} satisfies Rpc<z.ZodType, z.ZodType>;

const entryReply = z.object({ credential: credentialEntrySchema.nullable() });
const credentialId = z.object({ credential_id: textSchema });

/** Changes a credential; what is not there stays. Null is answered for one that is not there or deleted. */
export const updateCredential = {
  subject: 'grok.credentials.admin.update',
  service: SERVICE,
  request: credentialId.extend({ changes: z.object({ ...settableFields, enabled: z.boolean() }).partial() }),
  reply: entryReply,
} satisfies Rpc<z.ZodType, z.ZodType>;

/** Ends every rest of a credential's models, and forgets what led to it. */
export const clearCooling = {
  subject: 'grok.credentials.admin.clear-cooling',
  service: SERVICE,
  request: credentialId,
  reply: entryReply,
} satisfies Rpc<z.ZodType, z.ZodType>;

/** Gives no new grants of a credential any more. It is kept for polling until none of its jobs can be left. */
export const deleteCredential = {
  subject: 'grok.credentials.admin.delete',
  service: SERVICE,
  request: credentialId,
  reply: entryReply,
} satisfies Rpc<z.ZodType, z.ZodType>;
