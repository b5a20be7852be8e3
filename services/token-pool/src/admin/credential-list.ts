import type { CredentialEntry, CredentialQuery } from '@grok2api/contracts';
import type { Database } from '../database.js';
import { Prisma } from '../generated/client.js';
import { decodePageCursor, encodePageCursor, PageCursorError, type PagePosition } from '../page-cursor.js';
import { monthOf } from '../usage/budgets.js';

interface EntryRow extends CredentialEntry {
  sort_key: string | number;
}

/** What each sort compares, the values of cursors being texts or numbers. */
const SORT_KEYS: Record<CredentialQuery['sort'], Prisma.Sql> = {
  created_at: Prisma.sql`c.created_at`,
  label: Prisma.sql`(c.label COLLATE "C")`,
  priority: Prisma.sql`c.priority`,
  last_used_at: Prisma.sql`coalesce(c.last_used_at, to_timestamp(0))`,
};
const TIMES: readonly CredentialQuery['sort'][] = ['created_at', 'last_used_at'];

/** The credentials as their administrator sees them. */
export class CredentialList {
  constructor(
    private readonly database: Database,
    private readonly now: () => number,
  ) {}

  /** One page. @throws PageCursorError */
  async page(query: CredentialQuery): Promise<{ credentials: CredentialEntry[]; next_cursor: string | null }> {
    const key = SORT_KEYS[query.sort];
    const direction = query.order === 'asc' ? Prisma.sql`ASC` : Prisma.sql`DESC`;
    const conditions = Prisma.join([...this.#filters(query), ...after(query)], ' AND ');
    const [, rows] = await this.database.$transaction([
      // Each sort has an index. Without statistics Postgres takes hardly a row for one that is not deleted, and would
      // rather read and sort all of them.
      this.database.$executeRaw`SET LOCAL enable_sort = off`,
      this.#read(
        Prisma.sql`${conditions} ORDER BY ${key} ${direction}, c.id ${direction} LIMIT ${query.limit + 1}`,
        query.sort,
      ),
    ]);
    const page = rows.slice(0, query.limit);
    const last = rows.length > query.limit ? page.at(-1) : undefined;
    return {
      credentials: page.map(({ sort_key: _, ...entry }) => entry),
      next_cursor: last ? encodePageCursor([last.sort_key, last.id]) : null,
    };
  }

  /** One credential, also a deleted one. */
  async find(id: string): Promise<CredentialEntry | undefined> {
    const [row] = await this.#read(Prisma.sql`c.id = ${id}`, 'created_at');
    if (!row) return undefined;
    const { sort_key: _, ...entry } = row;
    return entry;
  }

  #filters({ state, enabled, search }: CredentialQuery): Prisma.Sql[] {
    const filters = [state === 'deleted' ? Prisma.sql`c.deleted_at IS NOT NULL` : Prisma.sql`c.deleted_at IS NULL`];
    if (state !== undefined) filters.push(Prisma.sql`${this.#state()} = ${state}`);
    if (enabled !== undefined) filters.push(Prisma.sql`c.enabled = ${enabled}`);
    if (search !== undefined) {
      filters.push(Prisma.sql`(strpos(lower(c.label), lower(${search})) > 0 OR c.last4 = ${search})`);
    }
    return filters;
  }

  #state(): Prisma.Sql {
    return Prisma.sql`CASE
      WHEN c.deleted_at IS NOT NULL THEN 'deleted'
      WHEN NOT c.enabled THEN CASE c.disabled_reason
        WHEN 'dead' THEN 'dead' WHEN 'no_credits' THEN 'no_credits' WHEN 'removed' THEN 'removed' ELSE 'disabled' END
      WHEN c.budget_exhausted_in = ${monthOf(this.now())} THEN 'over_budget'
      WHEN EXISTS (SELECT FROM pool.credential_models m WHERE m.credential_id = c.id AND m.cooling_until > now())
        THEN 'cooling'
      ELSE 'ok' END`;
  }

  /** What belongs to each credential is read for the rows of the page alone. */
  #read(which: Prisma.Sql, sort: CredentialQuery['sort']): Prisma.PrismaPromise<EntryRow[]> {
    return this.database.$queryRaw<EntryRow[]>`
      SELECT c.id, c.label, c.last4, c.source, c.enabled, ${this.#state()} AS state, c.base_url, c.proxy_url, c.priority,
        c.max_concurrency, c.requests_per_second, c.monthly_budget_ticks::float8, ${iso(Prisma.sql`c.created_at`)} AS created_at,
        ${iso(Prisma.sql`c.last_used_at`)} AS last_used_at, ${position(sort)} AS sort_key,
        (SELECT coalesce(sum(g.slots), 0)::int FROM pool.grants g
          WHERE g.credential_id = c.id AND g.expires_at > now()) AS in_use,
        (SELECT coalesce(json_agg(json_build_object(
            'model', m.model,
            'state', CASE WHEN m.state = 'dead' THEN 'dead' WHEN m.cooling_until > now() THEN 'cooling' ELSE 'ok' END,
            'cooling_until', CASE WHEN m.cooling_until > now() THEN ${iso(Prisma.sql`m.cooling_until`)} END,
            'last_error', m.last_error) ORDER BY m.model), '[]')
          FROM pool.credential_models m WHERE m.credential_id = c.id) AS models
      FROM pool.credentials c WHERE ${which}`;
  }
}

function after({ sort, order, cursor }: CredentialQuery): Prisma.Sql[] {
  if (cursor === undefined) return [];
  const [value, id] = decodePageCursor(cursor);
  const isAfter = order === 'asc' ? Prisma.sql`>` : Prisma.sql`<`;
  return [Prisma.sql`(${SORT_KEYS[sort]}, c.id) ${isAfter} (${bound(sort, value)}, ${id})`];
}

function bound(sort: CredentialQuery['sort'], value: PagePosition[0]): Prisma.Sql {
  const isText = sort === 'label';
  if (isText !== (typeof value === 'string')) throw new PageCursorError('a cursor of another sort');
  if (isText) return Prisma.sql`${value}`;
  return TIMES.includes(sort) ? Prisma.sql`to_timestamp(${value}::float8 / 1000)` : Prisma.sql`${value}::int`;
}

/** The sort key of a row as a cursor carries it. */
function position(sort: CredentialQuery['sort']): Prisma.Sql {
  const key = SORT_KEYS[sort];
  return TIMES.includes(sort) ? Prisma.sql`(extract(epoch FROM ${key}) * 1000)::float8` : key;
}

function iso(time: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`to_char(${time} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}
