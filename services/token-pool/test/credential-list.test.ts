import { type CredentialQuery, listCredentials } from '@grok2api/contracts';
import { createLogger } from '@grok2api/service-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CredentialList } from '../src/admin/credential-list.js';
import { openDatabase } from '../src/database.js';
import { Fixture } from './fixture.js';

const ROWS = 10_000;
const LIMIT = 100;
/** Deleted ones, one in a hundred, are passed over. */
const MOST_READ = LIMIT + 10;
const log = createLogger({ service: 'test', instance: 'test', level: 'silent' });
let fixture: Fixture;

beforeAll(async () => {
  fixture = await Fixture.start();
  // Nobody has looked at the table when the first page is asked for.
  await fixture.database.$executeRaw`ALTER TABLE pool.credentials SET (autovacuum_enabled = false)`;
  await fixture.database.$executeRaw`
    INSERT INTO pool.credentials
      (id, secret_encrypted, secret_hash, last4, base_url, label, priority, source, created_at, last_used_at, deleted_at)
    SELECT 'cred_' || md5(n::text), '\\x00', sha256(n::text::bytea), '1234', 'https://api.x.ai/v1', 'key ' || n * 7919 % 5000,
      n % 3, 'admin', now() - n % 7000 * interval '1 second', CASE WHEN n % 2 = 0 THEN now() - n * interval '1 ms' END,
      CASE WHEN n % 100 = 0 THEN now() END
    FROM generate_series(1, ${ROWS}::int) AS n`;
});
afterAll(() => fixture.destroy());

interface Reads {
  scans: number;
  whole: number;
  rows: number;
}

async function reads(): Promise<Reads> {
  const [row] = await fixture.database.$queryRaw<Reads[]>`
    SELECT (seq_scan + idx_scan)::int AS scans, seq_scan::int AS whole, (seq_tup_read + idx_tup_fetch)::int AS rows
    FROM pg_stat_user_tables WHERE schemaname = 'pool' AND relname = 'credentials'`;
  if (!row) throw new Error('no statistics of the table');
  return row;
}

/** What Postgres read of the table to make a page. */
async function pageAndReads(query: CredentialQuery) {
  const before = await reads();
  const database = openDatabase(fixture.postgres.url, log);
  const page = await new CredentialList(database, Date.now).page(query);
  // A session that ends tells at once what it read.
  await database.$disconnect();
  await expect.poll(async () => (await reads()).scans).toBeGreaterThan(before.scans);
  const after = await reads();
  return { ...page, whole: after.whole - before.whole, rows: after.rows - before.rows };
}

const sorts = listCredentials.request.shape.sort.options.flatMap((sort) =>
  (['asc', 'desc'] as const).map((order) => ({ sort, order })),
);

describe.each(['that nobody has analyzed', 'that was analyzed'])(
  'the list of 10,000 credentials in a table %s',
  (state) => {
    beforeAll(async () => {
      if (state === 'that was analyzed') await fixture.database.$executeRaw`ANALYZE pool.credentials`;
    });

    it.each(sorts)('by $sort, $order, reads the rows of the page and hardly more', async ({ sort, order }) => {
      const first = await pageAndReads({ sort, order, limit: LIMIT });
      expect(first.credentials).toHaveLength(LIMIT);
      expect(first.whole).toBe(0);
      expect(first.rows).toBeLessThanOrEqual(MOST_READ);
      const next = await pageAndReads({ sort, order, limit: LIMIT, cursor: first.next_cursor ?? '' });
      expect(next.credentials).toHaveLength(LIMIT);
      expect(next.whole).toBe(0);
      expect(next.rows).toBeLessThanOrEqual(MOST_READ);
    });
  },
);
