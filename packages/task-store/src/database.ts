import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from './generated/client.js';

export interface DatabaseOptions {
  /** `postgresql://user:password@host:port/database`. */
  databaseUrl: string;
  maxConnections: number;
}

const CONNECT_TIMEOUT_MS = 3_000;
const STATEMENT_TIMEOUT_MS = 10_000;

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
  const adapter = new PrismaPg({
    connectionString: options.databaseUrl,
    max: options.maxConnections,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    // The server keeps its own time-out; this one notices a server that is silent.
    query_timeout: STATEMENT_TIMEOUT_MS + 2_000,
    keepAlive: true,
  });
  return new PrismaClient({ adapter });
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

// Prisma's codes for a connection that cannot be had or was lost, and a pool with none free.
const PRISMA_CODES = new Set([
  'P1000',
  'P1001',
  'P1002',
  'P1003',
  'P1008',
  'P1010',
  'P1011',
  'P1017',
  'P2024',
  'P2037',
]);
// SQLSTATE classes: 08 connection, 53 out of resources, 57 operator's intervention (shutdown, cancel).
const SQLSTATES = /^(08|53|57)...$/;
const SYSTEM_CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EHOSTUNREACH']);
const DRIVER_MESSAGES =
  /connection terminated|timeout exceeded when trying to connect|query read timeout|client has encountered a connection error|not queryable|socket/i;
const MAX_DEPTH = 6;

// The reason lies at different depths of the error, by the way in which the connection was lost.
function isUnavailable(err: unknown, depth = 0): boolean {
  if (typeof err !== 'object' || err === null || depth > MAX_DEPTH) return false;
  const { code, originalCode, message, cause, meta, driverAdapterError } = err as Record<string, unknown>;
  for (const text of [code, originalCode]) {
    if (typeof text !== 'string') continue;
    if (PRISMA_CODES.has(text) || SYSTEM_CODES.has(text) || SQLSTATES.test(text)) return true;
  }
  if (typeof message === 'string' && DRIVER_MESSAGES.test(message)) return true;
  return [cause, meta, driverAdapterError].some((inner) => isUnavailable(inner, depth + 1));
}
