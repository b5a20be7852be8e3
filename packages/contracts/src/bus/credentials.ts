import { z } from 'zod';
import { textSchema } from '../text.js';
import type { Rpc } from './rpc.js';
import type { Topic } from './topic.js';

/** A name or an id. */
const nameSchema = textSchema.min(1).max(200);
const modelsSchema = z.array(nameSchema);

/** What a caller needs to use a credential. It holds a secret: never logged, never stored outside the pool. */
export const credentialSchema = z.object({
  id: z.string(),
  secret: z.string(),
  /** With `/v1`, without a trailing slash. */
  base_url: z.string(),
  /** The HTTP proxy that its calls go through, with user and password, in place of the one of all calls. */
  proxy_url: z.string().optional(),
});
export type Credential = z.infer<typeof credentialSchema>;

/** The right to begin calls with one credential until it expires, as many at a time as it has slots. */
export const grantSchema = z.object({
  id: z.string(),
  credential: credentialSchema,
  /** The upstream models it may be used for. */
  models: modelsSchema.min(1),
  slots: z.number().int().positive(),
  /** Whether the slots are some of a limited number: to be renewed while they are held, and given back when idle. */
  counted: z.boolean(),
  /** Whether each slot is good for one call only. */
  once: z.boolean(),
  /**
   * Models that something is held against which a success would clear: it is to be reported too. The single call of a
   * grant that is good for one call is reported whatever comes of it: it may be a probe that others wait for.
   */
  watched: modelsSchema,
  /** Stands for what calls depend on besides models, such as the proxy: to be said when the grant is renewed. */
  terms: nameSchema.optional(),
  /** From the moment the reply was made. */
  expires_in_ms: z.number().int().positive(),
});
export type Grant = z.infer<typeof grantSchema>;

export const acquireRequestSchema = z.object({
  /** Begins the ids of the grants: see `grantIds`. A new one for each request. */
  request_id: z.string().regex(/^grant_[0-9a-f]{32}$/),
  /** The process that will hold the grants. */
  holder: nameSchema,
  /** Upstream models, any of which would do. */
  models: modelsSchema.min(1).max(100),
  slots: z.number().int().min(1).max(1000),
  /** Credentials that are taken only when no other can serve: they have just failed. */
  avoid: z.array(nameSchema).max(10).optional(),
  /** Requests with the same one get the same credential, as long as that is free. */
  sticky: nameSchema.optional(),
  /** Credentials of which the holder has an idle slot: when one of them is the right one, that slot will do. */
  idle: z.array(nameSchema).max(100).optional(),
});
export type AcquireRequest = z.infer<typeof acquireRequestSchema>;

/** The ids that the grants of a request may have: a holder who never got the reply can give all of them back. */
export function grantIds({ request_id, slots }: Pick<AcquireRequest, 'request_id' | 'slots'>): string[] {
  return Array.from({ length: slots }, (_, index) => `${request_id}_${index}`);
}

export const acquireReplySchema = z.discriminatedUnion('status', [
  /** Together at most the slots that were asked for. */
  z.object({ status: z.literal('granted'), grants: z.array(grantSchema).min(1) }),
  /** Nothing is granted: the idle slot of this credential is the one to use. */
  z.object({ status: z.literal('idle'), credential_id: z.string() }),
  z.object({
    status: z.literal('none'),
    /** `busy`: every slot is in use; `cooling`: all rest after a rate limit or faults; `no_credential`: nothing can serve these models. */
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
  credential_id: nameSchema,
  model: nameSchema,
  outcome: outcomeSchema,
  retry_after_ms: z.number().int().nonnegative().optional(),
  /** What the upstream said, shortened, without a secret. */
  message: z.string().max(500).optional(),
});
export type Report = z.infer<typeof reportSchema>;

const SERVICE = 'token-pool';
const done = z.object({});

/** Asks for slots of credentials that can serve one of the models. */
export const acquireGrants = {
  subject: 'grok.credentials.acquire',
  service: SERVICE,
  request: acquireRequestSchema,
  reply: acquireReplySchema,
} satisfies Rpc<z.ZodType, z.ZodType>;

/** Makes grants last their full time again. */
export const renewGrants = {
  subject: 'grok.credentials.renew',
  service: SERVICE,
  request: z.object({
    holder: nameSchema,
    grants: z
      .array(
        z.object({
          id: nameSchema,
          credential_id: nameSchema,
          models: modelsSchema,
          counted: z.boolean(),
          terms: nameSchema.optional(),
        }),
      )
      .max(1000),
  }),
  reply: z.object({
    /**
     * Those that last longer, with what they may be used for at present: nothing, when the terms are others by now. The
     * others are gone.
     */
    grants: z.array(z.object({ id: z.string(), models: modelsSchema, watched: modelsSchema })),
    expires_in_ms: z.number().int().positive(),
  }),
} satisfies Rpc<z.ZodType, z.ZodType>;

/** Gives slots back. Giving back what is gone is no error, nor is doing it again. */
export const releaseGrants = {
  subject: 'grok.credentials.release',
  service: SERVICE,
  request: z.object({
    holder: nameSchema,
    /** `keep`: the slots that the grant has from now on; with 0 it ends. */
    grants: z.array(z.object({ id: nameSchema, keep: z.int32().nonnegative() })).max(1000),
  }),
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
  request: z.object({ credential_id: nameSchema }),
  reply: z.object({ credential: credentialSchema.nullable() }),
} satisfies Rpc<z.ZodType, z.ZodType>;

/** Asks the upstream at once whether a credential works and what for; what comes out counts from then on. */
export const testCredential = {
  subject: 'grok.credentials.test',
  service: SERVICE,
  request: z.object({ credential_id: nameSchema }),
  reply: z.object({
    usable: z.boolean(),
    /** Why it is not, or why nobody can tell: a word such as `wrong_key`, `transient` or `unknown_credential`. */
    reason: z.string().optional(),
    /** The upstream's names of the models that it can serve, aliases included. */
    models: modelsSchema,
    checked_at: z.iso.datetime(),
  }),
} satisfies Rpc<z.ZodType, z.ZodType>;

/** A credential's state has changed: what it is from now on, as far as those care who hold grants of it. */
export const credentialChanged = {
  subject: 'grok.credentials.changed',
  event: z.object({
    credential_id: z.string(),
    /** Rises with each change. */
    version: z.number().int().nonnegative(),
    /** Whether calls may be begun with it at all. */
    usable: z.boolean(),
    /** Upstream models that no call may be begun with: they rest, or are not permitted. */
    barred: modelsSchema,
    /** As in a grant. */
    watched: modelsSchema,
  }),
} satisfies Topic<z.ZodType>;
export type CredentialChange = z.infer<typeof credentialChanged.event>;

/** Somebody needs slots for one of these models and finds all taken: idle ones are to be given back. */
export const slotsWanted = {
  subject: 'grok.credentials.wanted',
  event: z.object({ models: modelsSchema }),
} satisfies Topic<z.ZodType>;
