import { z } from 'zod';
import { credentialEntrySchema } from '../../bus/admin.js';
import { clientKeyEntrySchema } from '../../bus/client-keys.js';
import { testCredential } from '../../bus/credentials.js';

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
