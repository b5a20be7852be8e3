import { z } from 'zod';
import {
  CREDENTIAL_SORTS,
  CREDENTIAL_STATES,
  type CredentialEntry,
  type CredentialQuery,
  type NewCredential,
} from '../bus/admin.js';
import type { ClientKeyEntry, ClientKeyLimits } from '../bus/client-keys.js';
import { fromUsd, toUsd } from '../money.js';
import { textSchema } from '../text.js';

const MAX_PAGE = 500;
const MAX_MODELS = 500;
/** What 64-bit floating point still counts to the tick. */
const MAX_BUDGET_USD = 900_000;

/** Query of the lists of the admin API. */
export const adminPageSchema = z.object({
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(100),
  cursor: textSchema.max(1000).optional(),
});

/** A budget for each month by UTC, in US dollars; null is none. */
export const monthlyBudgetSchema = z.number().min(0.01).max(MAX_BUDGET_USD).nullish();

// Null is no limit; what is not there is no limit when a key is made, and stays as it is when one is changed.
const clientKeyLimitFields = {
  requests_per_minute: z.int().min(1).max(1_000_000).nullish(),
  max_concurrency: z.int().min(1).max(100_000).nullish(),
  models: z.array(textSchema.min(1).max(200)).min(1).max(MAX_MODELS).nullish(),
  monthly_budget_usd: monthlyBudgetSchema,
  expires_at: z.iso.datetime({ offset: true }).nullish(),
};
const clientKeyName = textSchema.trim().min(1).max(200);

/** Body of `POST /admin/api/client-keys`. */
export const createClientKeySchema = z.object({ name: clientKeyName, ...clientKeyLimitFields });

/** Body of `PATCH /admin/api/client-keys/{id}`. */
export const updateClientKeySchema = z.object({ name: clientKeyName.optional(), ...clientKeyLimitFields });

type LimitFields = Omit<z.infer<typeof updateClientKeySchema>, 'name'>;

/** The limits that a body names, as they go over the bus. */
export function toClientKeyLimits(body: LimitFields): Partial<ClientKeyLimits> {
  const { requests_per_minute, max_concurrency, models, monthly_budget_usd: budget, expires_at } = body;
  return {
    ...(requests_per_minute === undefined ? {} : { requests_per_minute }),
    ...(max_concurrency === undefined ? {} : { max_concurrency }),
    ...(models === undefined ? {} : { models }),
    ...(budget === undefined ? {} : { monthly_budget_ticks: budget === null ? null : fromUsd(budget) }),
    ...(expires_at === undefined
      ? {}
      : { expires_at: expires_at === null ? null : new Date(expires_at).toISOString() }),
  };
}

/** A client key as the admin API shows it; its secret is shown once, by the route that makes it. */
export function clientKeyBody({ monthly_budget_ticks: budget, ...key }: ClientKeyEntry) {
  return { ...key, monthly_budget_usd: budget === null ? null : toUsd(budget) };
}

/** What an Authorization header can carry. */
const SECRET = /^[\x21-\x7e]{8,1000}$/;

/** `http://user:password@host:port` and nothing behind it. */
function isProxyUrl(text: string): boolean {
  try {
    const { username, password, pathname, search, hash } = new URL(text);
    // Escapes that are none would be found out only by the first call.
    decodeURIComponent(username + password);
    return pathname === '/' && search === '' && hash === '';
  } catch {
    return false;
  }
}

const credentialFields = {
  label: textSchema.trim().max(200).nullish(),
  base_url: z
    .url({ protocol: /^https?$/, error: 'It must be an http(s) address with /v1.' })
    .max(500)
    .nullish(),
  proxy_url: z
    .url({ protocol: /^https?$/, error: 'It must be an address such as http://user:password@host:port.' })
    .max(500)
    .refine(isProxyUrl, { error: 'It must be an address such as http://user:password@host:port.' })
    .nullish(),
  priority: z.int().min(-1_000_000).max(1_000_000).nullish(),
  max_concurrency: z.int().min(0).max(1_000_000).nullish(),
  requests_per_second: z.int().min(0).max(100_000).nullish(),
  monthly_budget_usd: monthlyBudgetSchema,
};

/** Body of `POST /admin/api/credentials`, and an entry of an import. */
export const createCredentialSchema = z.object({
  secret: z.string().regex(SECRET, { error: 'It must be 8 to 1000 printable ASCII characters without blanks.' }),
  ...credentialFields,
});

/** JSON body of `POST /admin/api/credentials/import`: secrets, or credentials that are checked one by one. */
export const importCredentialsSchema = z.union([z.array(z.unknown()), z.object({ credentials: z.array(z.unknown()) })]);

/** Body of `PATCH /admin/api/credentials/{id}`. */
export const updateCredentialSchema = z.object({ enabled: z.boolean().nullish(), ...credentialFields });

/** Query of `GET /admin/api/credentials`. */
export const listCredentialsSchema = adminPageSchema.extend({
  state: z.enum(CREDENTIAL_STATES).optional(),
  enabled: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional(),
  search: textSchema.min(1).max(200).optional(),
  sort: z.enum(CREDENTIAL_SORTS).default('created_at'),
  order: z.enum(['asc', 'desc']).default('asc'),
}) satisfies z.ZodType<CredentialQuery>;

type CredentialFields = Omit<z.infer<typeof updateCredentialSchema>, 'enabled'>;

/** What a body sets, as it goes over the bus. Null counts as absent, but for proxy and budget: it ends them. */
export function toCredentialChanges(body: CredentialFields): Omit<NewCredential, 'secret'> {
  const { label, base_url, proxy_url, priority, max_concurrency, requests_per_second } = body;
  const { monthly_budget_usd: budget } = body;
  return {
    ...(label == null ? {} : { label }),
    ...(base_url == null ? {} : { base_url: base_url.replace(/\/+$/, '') }),
    ...(proxy_url === undefined ? {} : { proxy_url }),
    ...(priority == null ? {} : { priority }),
    ...(max_concurrency == null ? {} : { max_concurrency }),
    ...(requests_per_second == null ? {} : { requests_per_second }),
    ...(budget === undefined ? {} : { monthly_budget_ticks: budget === null ? null : fromUsd(budget) }),
  };
}

/** A new credential as it goes over the bus. */
export function toNewCredential({ secret, ...fields }: z.infer<typeof createCredentialSchema>): NewCredential {
  return { secret, ...toCredentialChanges(fields) };
}

/** A credential as the admin API shows it. */
export function credentialBody({ monthly_budget_ticks: budget, ...credential }: CredentialEntry) {
  return { ...credential, monthly_budget_usd: budget === null ? null : toUsd(budget) };
}
