import type { ClientKey, ClientKeyEntry, ClientKeyLimits } from '@grok2api/contracts';
import type { Prisma, ClientKey as Row } from '../generated/client.js';

type LimitColumns = Pick<
  Prisma.ClientKeyUncheckedUpdateInput,
  'requestsPerMinute' | 'maxConcurrency' | 'models' | 'monthlyBudgetTicks' | 'expiresAt'
>;

/** The columns of a key's limits; of those that are not given there is none. */
export function toColumns(limits: { [Limit in keyof ClientKeyLimits]?: ClientKeyLimits[Limit] | undefined }) {
  const { requests_per_minute, max_concurrency, models, monthly_budget_ticks, expires_at } = limits;
  return {
    ...(requests_per_minute === undefined ? {} : { requestsPerMinute: requests_per_minute }),
    ...(max_concurrency === undefined ? {} : { maxConcurrency: max_concurrency }),
    ...(models === undefined ? {} : { models: models ?? [] }),
    ...(monthly_budget_ticks === undefined
      ? {}
      : { monthlyBudgetTicks: monthly_budget_ticks === null ? null : BigInt(monthly_budget_ticks) }),
    ...(expires_at === undefined ? {} : { expiresAt: expires_at === null ? null : new Date(expires_at) }),
  } satisfies LimitColumns;
}

/** A key as gateways know it. */
export function toClientKey(row: Row): ClientKey {
  return { ...commonFields(row), secret_hash: Buffer.from(row.secretHash).toString('hex') };
}

/** A key as its administrator sees it. */
export function toEntry(row: Row): ClientKeyEntry {
  return { ...commonFields(row), last4: row.last4, created_at: row.createdAt.toISOString() };
}

function commonFields(row: Row): Omit<ClientKey, 'secret_hash'> {
  return {
    id: row.id,
    name: row.name,
    requests_per_minute: row.requestsPerMinute,
    max_concurrency: row.maxConcurrency,
    models: row.models.length === 0 ? null : row.models,
    monthly_budget_ticks: row.monthlyBudgetTicks === null ? null : Number(row.monthlyBudgetTicks),
    expires_at: row.expiresAt?.toISOString() ?? null,
    revoked_at: row.revokedAt?.toISOString() ?? null,
    budget_exhausted_in: row.budgetExhaustedIn,
  };
}
