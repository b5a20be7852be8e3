import type { ClientKeyWrites } from '../client-keys/client-key-writes.js';
import type { Database } from '../database.js';
import { Prisma } from '../generated/client.js';
import { monthOf } from './budgets.js';

/** Whose budgets were found to be used up. */
interface Exhausted {
  clientKeys: string[];
  credentials: string[];
}

/**
 * Finds the budgets that usage has used up, and notes the month with the client key or the credential, so that nobody
 * has to add up usage to know it.
 */
export class SpentBudgets {
  constructor(
    private readonly database: Database,
    private readonly writes: ClientKeyWrites,
    private readonly now: () => number,
  ) {}

  /** Looks at the budgets of these owners and credentials; returns those that were not known to be used up. */
  async find(owners: readonly string[], credentialIds: readonly string[]): Promise<Exhausted> {
    const month = monthOf(this.now());
    const credentials = await this.database.$queryRaw<{ id: string }[]>`
      UPDATE pool.credentials c SET budget_exhausted_in = ${month}
      WHERE c.id = ANY(${credentialIds}) AND ${isSpent(Prisma.sql`c`, Prisma.sql`u.credential_id`, month)}
      RETURNING c.id`;
    return { clientKeys: await this.#clientKeys(owners, month), credentials: credentials.map(({ id }) => id) };
  }

  async #clientKeys(owners: readonly string[], month: string): Promise<string[]> {
    const spent = await this.database.$queryRaw<{ id: string }[]>`
      SELECT k.id FROM pool.client_keys k
      WHERE k.id = ANY(${owners}) AND ${isSpent(Prisma.sql`k`, Prisma.sql`u.owner`, month)}`;
    // Most usage uses up nothing: only that which does waits for its turn to write.
    if (spent.length === 0) return [];
    const ids = spent.map(({ id }) => id);
    await this.writes.run(async (transaction, firstChange) => {
      for (const [index, id] of ids.entries()) {
        const data = { budgetExhaustedIn: month, change: firstChange + BigInt(index) };
        await transaction.clientKey.update({ where: { id }, data });
      }
    });
    return ids;
  }
}

/** Whether the month's costs have reached a row's budget, and the row does not say so yet. */
function isSpent(row: Prisma.Sql, spender: Prisma.Sql, month: string): Prisma.Sql {
  const begin = `${month}-01`;
  return Prisma.sql`${row}.monthly_budget_ticks IS NOT NULL AND ${row}.budget_exhausted_in IS DISTINCT FROM ${month}
    AND ${row}.monthly_budget_ticks <= (
      SELECT coalesce(sum(u.cost_ticks), 0) FROM pool.usage u
      WHERE ${spender} = ${row}.id
        AND u.day >= ${begin}::date AND u.day < ${begin}::date + interval '1 month')`;
}
