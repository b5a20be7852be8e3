import { setTimeout as delay } from 'node:timers/promises';
import type { MigrationList } from '@prisma/schema-engine-wasm';
import type pg from 'pg';
import { createAdapterFactory } from './adapter-factory.js';
import { MigrationError } from './migration-error.js';
import { readPrismaDir } from './prisma-dir.js';
import { createSchemaEngine, NO_FILTERS } from './schema-engine.js';
import { createSession, waitForDatabase } from './session.js';

/** Where progress is told; a pino logger fits. */
export interface MigrationLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface ApplyMigrationsOptions {
  databaseUrl: string;
  /** Postgres schema that holds the tables and `_prisma_migrations`; made if missing. Lower-case letters, digits, `_`. */
  schema: string;
  /** Folder with `schema.prisma` and `migrations/`. */
  prismaDir: string;
  log: MigrationLog;
  /** How long to wait for the database to answer; 30 s by default. */
  connectTimeoutMs?: number;
}

// Any number does that nothing else in the database uses: two processes that migrate must choose the same one.
const ADVISORY_LOCK = 0x67726f6b;
const NOTHING_TO_APPLY = 'no migration to apply';

/**
 * Applies the migrations that the database does not have yet, in order of their names, each as one transaction.
 * Any number of processes may call it at once: one works, the others wait and find nothing to do.
 * Agrees with `prisma migrate deploy` (the same engine and the same `_prisma_migrations` table), and like it refuses to
 * go on after a migration that failed, until `prisma migrate resolve` says what became of it.
 * @returns the names of the migrations applied by this call
 * @throws MigrationError
 */
export async function applyMigrations(options: ApplyMigrationsOptions): Promise<{ applied: string[] }> {
  const { databaseUrl, schema, log, connectTimeoutMs = 30_000 } = options;
  if (!/^[a-z_][a-z0-9_]*$/.test(schema)) throw new MigrationError(`"${schema}" is not a plain schema name`);
  const dir = await readPrismaDir(options.prismaDir);
  const session = createSession({ databaseUrl, schema, connectTimeoutMs });
  try {
    await waitForDatabase(session, connectTimeoutMs, (err) => log.warn({ err }, 'waiting for the database'));
    if (await isUpToDate(session, schema, dir.migrations)) {
      log.info({ schema, applied: [] }, NOTHING_TO_APPLY);
      return { applied: [] };
    }
    await lock(session, log);
    await session.query(`CREATE SCHEMA IF NOT EXISTS "${schema}"`);
    const engine = await createSchemaEngine(dir.schema, createAdapterFactory(session, databaseUrl, schema));
    try {
      const { appliedMigrationNames: applied } = await engine.applyMigrations({
        migrationsList: dir.migrations,
        filters: NO_FILTERS,
      });
      log.info({ schema, applied }, applied.length > 0 ? 'migrations applied' : NOTHING_TO_APPLY);
      return { applied };
    } finally {
      engine.free();
    }
  } catch (cause) {
    throw new MigrationError(`the migrations of schema "${schema}" could not be applied`, { cause });
  } finally {
    // The end of the session frees the lock.
    await session.end();
  }
}

// The engine says the same, but takes most of a second to load. Whatever is not plainly done is left to it.
async function isUpToDate(session: pg.Pool, schema: string, { migrationDirectories }: MigrationList): Promise<boolean> {
  const table = `"${schema}"._prisma_migrations`;
  const { rows: found } = await session.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [
    table,
  ]);
  if (!found[0]?.there) return false;
  const { rows } = await session.query<{ name: string; finished: boolean }>(
    `SELECT migration_name AS name, finished_at IS NOT NULL AS finished FROM ${table} WHERE rolled_back_at IS NULL`,
  );
  const names = new Set(rows.map(({ name }) => name));
  return rows.every(({ finished }) => finished) && migrationDirectories.every(({ path }) => names.has(path));
}

// Asked for again and again: a session that waits inside pg_advisory_lock keeps a snapshot open, and a
// CREATE INDEX CONCURRENTLY of the session that migrates would wait for that snapshot for ever.
async function lock(session: pg.Pool, log: MigrationLog): Promise<void> {
  for (let told = false; ; told = true) {
    const { rows } = await session.query<{ locked: boolean }>('SELECT pg_try_advisory_lock($1) AS locked', [
      ADVISORY_LOCK,
    ]);
    if (rows[0]?.locked) return;
    if (!told) log.info({}, 'another process migrates, waiting for it');
    await delay(200);
  }
}
