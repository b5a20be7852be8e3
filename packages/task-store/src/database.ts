import { PrismaPg } from '@prisma/adapter-pg';
import { Pool } from 'pg';
import { PrismaClient } from './generated/client.js';

export interface DatabaseOptions {
  /** `postgresql://user:password@host:port/database`. */
  databaseUrl: string;
  maxConnections: number;
}

const CONNECT_TIMEOUT_MS = 3_000;
const STATEMENT_TIMEOUT_MS = 10_000;
/** Of each connection: far more than there are different ones, unless somebody builds them from what clients send. */
const MAX_PREPARED_STATEMENTS = 300;
/** Who stands still within a transaction keeps its locks for no longer: less than the 5 s that a transaction may take, so that those who wait go on. */
const STALLED_TRANSACTION_MS = 3_000;

/** Postgres cannot be reached, refuses or lost the connection: whether the statement took effect is unknown. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
  constructor(cause: unknown) {
    super('the task database is not available', { cause });
  }
}

export type Database = Omit<PrismaClient, '$on' | '$connect' | '$disconnect' | '$extends'>;

/** Opens a pool; connections are made when they are needed. */
export function openDatabase(options: DatabaseOptions): PrismaClient {
  const pool = new Pool({
    connectionString: options.databaseUrl,
    max: options.maxConnections,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    // The server keeps its own time-out; this one notices a server that is silent.
    query_timeout: STATEMENT_TIMEOUT_MS + 2_000,
    idle_in_transaction_session_timeout: STALLED_TRANSACTION_MS,
    keepAlive: true,
  });
  // A connection that is handed to the next transaction in line has nobody listening for a moment. Lost just then it
  // would end the process; its statements tell of the loss themselves.
  pool.on('connect', (client) => client.on('error', () => {}));
  const adapter = new PrismaPg(pool, { disposeExternalPool: true, statementNameGenerator: statementNames() });
  // Longer formats repeat a query's arguments, which do not belong in a log.
  return new PrismaClient({ adapter, errorFormat: 'minimal' });
}

/** Names statements by their text, so that Postgres parses and plans each once a connection. */
function statementNames(): (statement: { sql: string }) => string {
  const names = new Map<string, string>();
  return ({ sql }) => {
    const known = names.get(sql);
    if (known !== undefined) return known;
    // Without a name it is not kept.
    if (names.size >= MAX_PREPARED_STATEMENTS) return '';
    const name = `s${names.size}`;
    names.set(sql, name);
    return name;
  };
}

/**
 * Runs statements and tells an absent database from a wrong statement.
 * @throws StoreUnavailableError, or what the statements threw
 */
export async function withDatabase<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (err) {
    throw isUnavailable(err) ? new StoreUnavailableError(err) : err;
  }
}

// What @prisma/adapter-pg calls a connection that cannot be had or was lost.
const ADAPTER_KINDS = new Set([
  'DatabaseNotReachable',
  'ConnectionClosed',
  'SocketTimeout',
  'TlsConnectionError',
  'TooManyConnections',
  'AuthenticationFailed',
  'DatabaseAccessDenied',
  'DatabaseDoesNotExist',
]);
// SQLSTATE classes: 08 connection, 40 deadlock (the transaction was undone), 53 out of resources, 57 operator's
// intervention (shutdown, cancel). 25P03: the server ended a transaction in which nothing happened; 25006: it only reads, as
// one does that was replaced; 55000: it takes no connections to this database.
const SQLSTATES = /^((08|40|53|57)...|25P03|25006|55000)$/;
const SYSTEM_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);
// Prisma's own: no connection was free in time, or a transaction took too long and was undone.
const PRISMA_CODES = new Set(['P2028']);
// What the driver says itself, without any code. Whole messages: the server's repeat what a statement held.
const DRIVER_MESSAGES =
  /^(connection terminated( .*)?|timeout exceeded when trying to connect|query read timeout|client (has encountered a connection error|was closed) and is not queryable|client network socket disconnected .*)$/i;
const MAX_DEPTH = 6;

// The reason lies at different depths of the error, by the way in which the connection was lost.
function isUnavailable(err: unknown, depth = 0): boolean {
  if (typeof err !== 'object' || err === null || depth > MAX_DEPTH) return false;
  const { kind, code, originalCode, message, cause, meta, driverAdapterError } = err as Record<string, unknown>;
  if (typeof kind === 'string' && ADAPTER_KINDS.has(kind)) return true;
  for (const text of [code, originalCode]) {
    if (typeof text === 'string' && (SYSTEM_CODES.has(text) || PRISMA_CODES.has(text) || SQLSTATES.test(text)))
      return true;
  }
  if (typeof message === 'string' && DRIVER_MESSAGES.test(message)) return true;
  return [cause, meta, driverAdapterError].some((inner) => isUnavailable(inner, depth + 1));
}
