import type { ClientKey as BusClientKey } from '@grok2api/contracts';

/** A client key, as requests are judged by it. What is undefined is not limited. */
export interface ClientKey {
  /** Tasks, uploads and usage belong to it. */
  owner: string;
  /** For people. */
  name: string;
  revoked: boolean;
  /** In ms. */
  expiresAt: number | undefined;
  requestsPerMinute: number | undefined;
  /** Requests at a time. */
  maxConcurrency: number | undefined;
  /** Names of the models that may be used. */
  models: ReadonlySet<string> | undefined;
  /** In ticks of 10^-10 US dollars, for each month by UTC. */
  monthlyBudgetTicks: number | undefined;
  /** The month, `2026-11`, whose budget is used up. */
  budgetExhaustedIn: string | undefined;
}

/** A key of the settings: nothing limits it, nothing ends it. */
export function configuredKey(name: string): ClientKey {
  return {
    owner: name,
    name,
    revoked: false,
    expiresAt: undefined,
    requestsPerMinute: undefined,
    maxConcurrency: undefined,
    models: undefined,
    monthlyBudgetTicks: undefined,
    budgetExhaustedIn: undefined,
  };
}

/** A key that an administrator made. */
export function madeKey(key: BusClientKey): ClientKey {
  return {
    owner: key.id,
    name: key.name,
    revoked: key.revoked_at !== null,
    expiresAt: key.expires_at === null ? undefined : Date.parse(key.expires_at),
    requestsPerMinute: key.requests_per_minute ?? undefined,
    maxConcurrency: key.max_concurrency ?? undefined,
    models: key.models === null ? undefined : new Set(key.models),
    monthlyBudgetTicks: key.monthly_budget_ticks ?? undefined,
    budgetExhaustedIn: key.budget_exhausted_in ?? undefined,
  };
}
