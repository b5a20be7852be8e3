import {
  USAGE_COUNTS,
  type UsageCounts,
  type UsageGroupCounts,
  type UsageQuery,
  type UsageRow,
} from '@grok2api/contracts';
import type { Database } from '../database.js';
import { Prisma } from '../generated/client.js';

/** How long it is remembered that a batch was counted: far longer than anybody sends one again. */
const BATCHES_KEPT = '2 days';
const COUNT_COLUMNS = Prisma.raw(USAGE_COUNTS.join(', '));
const SUMS = Prisma.raw(USAGE_COUNTS.map((name) => `coalesce(sum(${name}), 0)::float8 AS ${name}`).join(', '));

/** What was used, by day, credential, model and owner, in Postgres. */
export class UsageStore {
  constructor(private readonly database: Database) {}

  /** Adds a batch to what was used, all of it or nothing. A batch that was counted before changes nothing. */
  async record(batchId: string, rows: readonly UsageRow[]): Promise<void> {
    const types = Prisma.raw(USAGE_COUNTS.map((name) => `${name} bigint`).join(', '));
    const sums = Prisma.raw(USAGE_COUNTS.map((name) => `sum(r.${name})::bigint`).join(', '));
    const additions = Prisma.raw(USAGE_COUNTS.map((name) => `${name} = u.${name} + excluded.${name}`).join(', '));
    // In the order of the key: batches that have rows in common do not lock them crosswise.
    await this.database.$executeRaw`
      WITH batch AS (
        INSERT INTO pool.usage_batches (id) VALUES (${batchId}::uuid) ON CONFLICT DO NOTHING RETURNING id
      )
      INSERT INTO pool.usage AS u (day, owner, credential_id, model, ${COUNT_COLUMNS})
      SELECT r.day, r.owner, r.credential_id, r.model, ${sums}
      FROM batch, jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        AS r(day date, owner text, credential_id text, model text, ${types})
      GROUP BY r.day, r.owner, r.credential_id, r.model ORDER BY r.day, r.owner, r.credential_id, r.model
      ON CONFLICT (day, owner, credential_id, model) DO UPDATE SET ${additions}`;
  }

  /** Adds up what was used, for each group and over all. */
  async query(query: UsageQuery): Promise<{ rows: UsageGroupCounts[]; total: UsageCounts; has_more: boolean }> {
    const { group_by: groups, limit, offset } = query;
    const where = Prisma.join(conditions(query), ' AND ');
    const [total] = await this.database.$queryRaw<UsageCounts[]>`SELECT ${SUMS} FROM pool.usage WHERE ${where}`;
    if (!total) throw new Error('a sum has one row');
    if (groups.length === 0) return { rows: [], total, has_more: false };
    const columns = Prisma.raw(groups.join(', '));
    const shown = Prisma.raw(groups.map((group) => (group === 'day' ? 'day::text' : group)).join(', '));
    const rows = await this.database.$queryRaw<UsageGroupCounts[]>`
      SELECT ${shown}, ${SUMS} FROM pool.usage WHERE ${where}
      GROUP BY ${columns} ORDER BY ${columns} LIMIT ${limit + 1} OFFSET ${offset}`;
    return { rows: rows.slice(0, limit), total, has_more: rows.length > limit };
  }

  /** Forgets which batches were counted long ago. */
  async sweep(): Promise<void> {
    await this.database.$executeRaw`
      DELETE FROM pool.usage_batches WHERE recorded_at < now() - ${BATCHES_KEPT}::interval`;
  }
}

function conditions({ from, to, owner, credential_id, model }: UsageQuery): Prisma.Sql[] {
  return [
    Prisma.sql`day BETWEEN ${from}::date AND ${to}::date`,
    ...(owner === undefined ? [] : [Prisma.sql`owner = ${owner}`]),
    ...(credential_id === undefined ? [] : [Prisma.sql`credential_id = ${credential_id}`]),
    ...(model === undefined ? [] : [Prisma.sql`model = ${model}`]),
  ];
}
