import { z } from 'zod';
import type { UsageGroup, UsageGroupCounts, UsageQuery } from '../bus/usage.js';
import { ApiError } from '../errors.js';
import { toUsd } from '../money.js';
import { textSchema } from '../text.js';
import { parseRequest } from '../validation.js';

const MAX_DAYS = 366;
const DAY_MS = 86_400_000;

const dayFields = { from: z.iso.date().optional(), to: z.iso.date().optional() };

/** Query of `GET /v1/usage`. Days are by UTC. */
export const usageQueryParametersSchema = z.object({ ...dayFields, group_by: z.enum(['day', 'model']).default('day') });

/** What the admin API calls the groups. */
const ADMIN_GROUPS = {
  day: 'day',
  model: 'model',
  credential: 'credential_id',
  key: 'owner',
} as const satisfies Record<string, UsageGroup>;
const adminGroupSchema = z.enum(['day', 'model', 'credential', 'key']);

/** Query of `GET /admin/api/usage`. */
export const adminUsageQueryParametersSchema = z.object({
  ...dayFields,
  group_by: z
    .string()
    .default('day')
    .transform((text) => text.split(','))
    .pipe(z.array(adminGroupSchema).max(Object.keys(ADMIN_GROUPS).length)),
  credential: textSchema.max(200).optional(),
  model: textSchema.max(200).optional(),
  key: textSchema.max(200).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(1000),
  offset: z.coerce.number().int().min(0).max(10_000_000).default(0),
});

/**
 * What `GET /v1/usage` asks of an owner's usage; without days it is this month's.
 * @throws ApiError naming the parameter and what is allowed
 */
export function parseUsageQuery(query: unknown, owner: string, now: number): UsageQuery {
  const { group_by, ...days } = parseRequest(usageQueryParametersSchema, query);
  return { ...period(days, now), owner, group_by: [group_by], limit: MAX_DAYS, offset: 0 };
}

/**
 * What `GET /admin/api/usage` asks; without days it is this month's.
 * @throws ApiError naming the parameter and what is allowed
 */
export function parseAdminUsageQuery(query: unknown, now: number): UsageQuery {
  const { group_by, credential, model, key, limit, offset, ...days } = parseRequest(
    adminUsageQueryParametersSchema,
    query,
  );
  return {
    ...period(days, now),
    group_by: [...new Set(group_by)].map((group) => ADMIN_GROUPS[group]),
    ...(credential === undefined ? {} : { credential_id: credential }),
    ...(model === undefined ? {} : { model }),
    ...(key === undefined ? {} : { owner: key }),
    limit,
    offset,
  };
}

/** The first day of a time's month, and the day of the time. */
export function monthSoFar(now: number): { from: string; to: string } {
  const to = new Date(now).toISOString().slice(0, 'YYYY-MM-DD'.length);
  return { from: `${to.slice(0, 'YYYY-MM'.length)}-01`, to };
}

/** Usage as the API shows it: the names of what it is split by, its counts, its cost also in US dollars. */
export function usageBody({ cost_ticks, owner, ...usage }: UsageGroupCounts) {
  return {
    ...usage,
    ...(owner === undefined ? {} : { key: owner }),
    cost_in_usd_ticks: cost_ticks,
    cost_usd: toUsd(cost_ticks),
  };
}

function period(given: { from?: string | undefined; to?: string | undefined }, now: number) {
  const month = monthSoFar(now);
  const to = given.to ?? month.to;
  const from = given.from ?? (given.to === undefined ? month.from : monthSoFar(Date.parse(given.to)).from);
  const days = (Date.parse(to) - Date.parse(from)) / DAY_MS;
  if (days < 0 || days >= MAX_DAYS) {
    const allowed = `It must not be after 'to', and at most ${MAX_DAYS} days before.`;
    throw new ApiError('invalid_value', { param: 'from', values: { value: from, allowed } });
  }
  return { from, to };
}
