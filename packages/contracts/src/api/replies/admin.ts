import { z } from 'zod';
import { credentialEntrySchema } from '../../bus/admin.js';
import { clientKeyEntrySchema } from '../../bus/client-keys.js';
import { testCredential } from '../../bus/credentials.js';
import { callbackAttemptSchema, callbackStateSchema } from '../callbacks.js';
import { taskCallbackSchema } from './tasks.js';

const budget = { monthly_budget_usd: z.number().nullable() };
const next_cursor = z.string().nullable();

/** A credential, as the admin API shows it. */
export const credentialReplySchema = credentialEntrySchema.omit({ monthly_budget_ticks: true }).extend(budget);

/** Reply of `GET /admin/api/credentials`. */
export const credentialListReplySchema = z.object({ data: z.array(credentialReplySchema), next_cursor });

/** Reply of `POST /admin/api/credentials/{id}/test`. */
export const credentialTestReplySchema = testCredential.reply.extend({ credential: credentialReplySchema });

const count = z.int().nonnegative();

/** Reply of `POST /admin/api/credentials/import`. */
export const credentialImportReplySchema = z.object({
  added: count,
  restored: count,
  duplicate: count,
  invalid: count,
  data: z.array(
    z.object({
      /** In a text its line, in JSON its place; from 1. */
      line: z.int().positive(),
      status: z.enum(['added', 'restored', 'duplicate', 'invalid']),
      id: z.string().optional(),
      message: z.string().optional(),
    }),
  ),
});

/** A client key, as the admin API shows it. */
export const clientKeyReplySchema = clientKeyEntrySchema.omit({ monthly_budget_ticks: true }).extend(budget);

/** Reply of `POST /admin/api/client-keys`: the only one with the secret. */
export const clientKeyCreatedReplySchema = clientKeyReplySchema.extend({ secret: z.string() });

/** Reply of `GET /admin/api/client-keys`. */
export const clientKeyListReplySchema = z.object({ data: z.array(clientKeyReplySchema), next_cursor });

/** A client key with the webhook secret that it was just given: the only reply with that secret. */
export const webhookSecretReplySchema = clientKeyReplySchema.extend({ webhook_secret: z.string() });

/** A callback, as the admin API lists it. */
export const callbackReplySchema = z.object({
  id: z.string(),
  task_id: z.string(),
  owner: z.string(),
  url: z.string(),
  state: callbackStateSchema,
  attempts: count,
  ended_at: z.iso.datetime(),
  next_attempt_at: z.iso.datetime().nullable(),
  settled_at: z.iso.datetime().nullable(),
});

/** Reply of `GET /admin/api/callbacks`. */
export const callbackListReplySchema = z.object({ data: z.array(callbackReplySchema), next_cursor });

/** Reply of `GET /admin/api/callbacks/{id}`. */
export const callbackDetailsReplySchema = callbackReplySchema.extend({
  attempt_log: z.array(callbackAttemptSchema),
  payload: taskCallbackSchema,
});
