import { z } from 'zod';
import type { Rpc } from './rpc.js';

/** What a caller needs to use a credential. It holds a secret: never logged, never stored outside the pool. */
export const credentialSchema = z.object({
  id: z.string(),
  secret: z.string(),
  /** With `/v1`, without a trailing slash. */
  base_url: z.string(),
});
export type Credential = z.infer<typeof credentialSchema>;

/** The right to begin calls with one credential until it expires. */
export const grantSchema = z.object({
  id: z.string(),
  credential: credentialSchema,
  /** The upstream models it may be used for. */
  models: z.array(z.string()).min(1),
  slots: z.number().int().positive(),
  /** From the moment the reply was made. */
  expires_in_ms: z.number().int().positive(),
});
export type Grant = z.infer<typeof grantSchema>;

export const acquireRequestSchema = z.object({
  /** The process that will hold the grant. */
  holder: z.string().min(1),
  /** Upstream models, any of which would do. */
  models: z.array(z.string()).min(1),
  slots: z.number().int().min(1).max(1000),
  /** Credentials that are taken only when no other can serve: they have just failed. */
  avoid: z.array(z.string()).max(10).optional(),
});

export const acquireReplySchema = z.discriminatedUnion('status', [
  z.object({ status: z.literal('granted'), grant: grantSchema }),
  z.object({
    status: z.literal('none'),
    /** `busy`: every slot is in use; `cooling`: all rest after a rate limit; `no_credential`: nothing can serve these models. */
    reason: z.enum(['busy', 'cooling', 'no_credential']),
    /** Until the earliest credential may be back. */
    retry_after_ms: z.number().int().nonnegative(),
  }),
]);
export type AcquireReply = z.infer<typeof acquireReplySchema>;

/** How a call with a credential ended, as far as the credential is concerned. */
export const OUTCOMES = ['ok', 'rate_limited', 'dead', 'not_permitted', 'no_credits', 'fault', 'not_counted'] as const;
export const outcomeSchema = z.enum(OUTCOMES);
export type Outcome = z.infer<typeof outcomeSchema>;

export const reportSchema = z.object({
  credential_id: z.string(),
  model: z.string(),
  outcome: outcomeSchema,
  retry_after_ms: z.number().int().nonnegative().optional(),
  /** What the upstream said, shortened, without a secret. */
  message: z.string().max(500).optional(),
});
export type Report = z.infer<typeof reportSchema>;

const SERVICE = 'token-pool';
const done = z.object({});

/** Asks for slots of a credential that can serve one of the models. */
export const acquireGrant = {
  subject: 'grok.credentials.acquire',
  service: SERVICE,
  request: acquireRequestSchema,
  reply: acquireReplySchema,
} satisfies Rpc<z.ZodType, z.ZodType>;

/** Makes a grant last longer; `renewed: false` when it has expired. */
export const renewGrant = {
  subject: 'grok.credentials.renew',
  service: SERVICE,
  request: z.object({ grant_id: z.string(), holder: z.string() }),
  reply: z.object({ renewed: z.boolean(), expires_in_ms: z.number().int().nonnegative() }),
} satisfies Rpc<z.ZodType, z.ZodType>;

/** Gives a grant back. Giving back one that is gone is no error. */
export const releaseGrant = {
  subject: 'grok.credentials.release',
  service: SERVICE,
  request: z.object({ grant_id: z.string(), holder: z.string() }),
  reply: done,
} satisfies Rpc<z.ZodType, z.ZodType>;

/** Tells how a call ended, so that the pool can rest or retire the credential. */
export const reportOutcome = {
  subject: 'grok.credentials.report',
  service: SERVICE,
  request: reportSchema,
  reply: done,
} satisfies Rpc<z.ZodType, z.ZodType>;

/** The credential that made an upstream job, for polling it: served also while it cools, is disabled or removed. */
export const credentialOf = {
  subject: 'grok.credentials.of',
  service: SERVICE,
  request: z.object({ credential_id: z.string() }),
  reply: z.object({ credential: credentialSchema.nullable() }),
} satisfies Rpc<z.ZodType, z.ZodType>;
