import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';

/**
 * One database session, as a pool of one connection that is never given up while idle: session locks and settings
 * hold for everything that goes through it. Unqualified names resolve to `schema`.
 * The first query connects. The caller ends the pool.
 */
export function createSession(options: { databaseUrl: string; schema: string; connectTimeoutMs?: number }): pg.Pool {
  const pool = new pg.Pool({
    connectionString: withSearchPath(options.databaseUrl, options.schema),
    max: 1,
    idleTimeoutMillis: 0,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 10_000,
  });
  // A pool without a listener ends the process when its idle connection breaks; the next query reports the fault.
  pool.on('error', () => {});
  return pool;
}

/**
 * Waits until the session's database answers, with growing pauses, and returns.
 * @throws the last error when `timeoutMs` has passed, or at once when waiting cannot help (wrong password, no such database)
 */
export async function waitForDatabase(session: pg.Pool, timeoutMs: number, onRetry: (error: unknown) => void) {
  const end = performance.now() + timeoutMs;
  for (let pause = 100; ; pause = Math.min(pause * 2, 2_000)) {
    try {
      await session.query('SELECT 1');
      return;
    } catch (error) {
      if (!isTransient(error) || performance.now() + pause > end) throw error;
      onRetry(error);
      await delay(pause);
    }
  }
}

// SQLSTATEs of a server that will take connections soon: starting up or stopping, all connections in use.
const TRANSIENT_SQLSTATES = new Set(['57P01', '57P02', '57P03', '53300']);

function isTransient(error: unknown): boolean {
  // Anything that is not an answer of the server is a fault of the network or of a server that is not there yet.
  return !(error instanceof pg.DatabaseError) || TRANSIENT_SQLSTATES.has(error.code ?? '');
}

function withSearchPath(databaseUrl: string, schema: string): string {
  const url = new URL(databaseUrl);
  const options = url.searchParams.get('options');
  url.searchParams.set('options', `${options ? `${options} ` : ''}-c search_path=${schema}`);
  return url.href;
}
