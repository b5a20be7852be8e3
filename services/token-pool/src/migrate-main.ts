import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { applyMigrations, MigrationError } from '@grok2api/prisma-migrate';
import { createLogger, readSettings, SettingsError } from '@grok2api/service-kit';
import { POOL_SCHEMA } from './pool-schema.js';
import { migrateSettingsSchema } from './settings.js';

const log = createLogger({
  service: 'token-pool-migrate',
  instance: `token-pool-migrate@${hostname()}:${process.pid}`,
  level: process.env.LOG_LEVEL || 'info',
});

try {
  const { DATABASE_URL: databaseUrl } = readSettings(migrateSettingsSchema, process.env);
  const prismaDir = fileURLToPath(new URL('../prisma', import.meta.url));
  await applyMigrations({ databaseUrl, schema: POOL_SCHEMA, prismaDir, log });
} catch (err) {
  log.fatal(sentence(err));
  process.exitCode = 1;
}

function sentence(err: unknown): string {
  if (err instanceof SettingsError) return err.faults.join('; ');
  if (err instanceof MigrationError) return `${err.message}: ${reason(err.cause)}`;
  return String(err);
}

function reason(cause: unknown): string {
  // What a host name with several addresses gives: the sentence is in each address' own error.
  if (cause instanceof AggregateError) return reason(cause.errors[0]);
  return cause instanceof Error ? cause.message : String(cause);
}
