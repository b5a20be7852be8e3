import type { Logger } from '@grok2api/service-kit';
import { PrismaPg } from '@prisma/adapter-pg';
import { Pool } from 'pg';
import { PrismaClient } from './generated/client.js';
import { POOL_SCHEMA } from './pool-schema.js';

export type Database = PrismaClient;

const MAX_CONNECTIONS = 5;
/** Beside much else on a busy machine a new connection takes seconds. */
const CONNECT_TIMEOUT_MS = 4_000;
const STATEMENT_TIMEOUT_MS = 4_000;
/** Longer than the server's own limit: it speaks only when the server cannot. */
const SILENCE_TIMEOUT_MS = 5_000;

/**
 * The database, connected at first use and again after a loss. Every statement ends within seconds, also when
 * the server hangs, and the server ends transactions whose client stopped, so that no lock outlives its owner.
 * @param options `synchronousCommit`: false for what may be forgotten when the server crashes within the same second
 */
export function openDatabase(
  url: string,
  log: Logger,
  { synchronousCommit = true }: { synchronousCommit?: boolean } = {},
): Database {
  const pool = new Pool({
    connectionString: url,
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    // What one burst needed is there for the next: whoever waits for a new connection waits longer than for a statement.
    idleTimeoutMillis: 0,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    query_timeout: SILENCE_TIMEOUT_MS,
    idle_in_transaction_session_timeout: SILENCE_TIMEOUT_MS,
    keepAlive: true,
    ...(synchronousCommit ? {} : { options: '-c synchronous_commit=off' }),
  });
  // A connection that is handed to the next transaction in line has nobody listening for a moment. Lost just then it
  // would end the process; its statements tell of the loss themselves.
  pool.on('connect', (client) => client.on('error', () => {}));
  const adapter = new PrismaPg(pool, {
    schema: POOL_SCHEMA,
    disposeExternalPool: true,
    onPoolError: (err) => log.warn({ err }, 'connection to Postgres lost'),
  });
  // Longer formats repeat a query's arguments, which do not belong in a log.
  return new PrismaClient({ adapter, errorFormat: 'minimal' });
}
