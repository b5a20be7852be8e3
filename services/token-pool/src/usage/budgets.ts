import type { Prisma } from '../generated/client.js';

/** Whose usage is added up. */
export type Spender = { owner: string } | { credentialId: string };

/** The month of a time in ms, by UTC: `2026-11`. Budgets are for one. */
export function monthOf(now: number): string {
  return new Date(now).toISOString().slice(0, 'YYYY-MM'.length);
}

/** What was spent in a month, in ticks of 10^-10 US dollars. */
export async function costInMonth(
  database: Prisma.TransactionClient,
  spender: Spender,
  month: string,
): Promise<bigint> {
  const begin = new Date(`${month}-01T00:00:00Z`);
  const end = new Date(begin);
  end.setUTCMonth(end.getUTCMonth() + 1);
  const { _sum } = await database.usage.aggregate({
    where: { ...spender, day: { gte: begin, lt: end } },
    _sum: { costTicks: true },
  });
  return _sum.costTicks ?? 0n;
}

/**
 * Whether a budget is used up: a credential then gets no new grants, a client key makes nothing more.
 * @param row as it is stored: the month that the usage was last found to have used up
 */
export function isBudgetExhausted(row: { budgetExhaustedIn: string | null }, now: number): boolean {
  return row.budgetExhaustedIn === monthOf(now);
}
