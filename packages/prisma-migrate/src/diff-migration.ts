import { createAdapterFactory } from './adapter-factory.js';
import { MigrationError } from './migration-error.js';
import { readPrismaDir } from './prisma-dir.js';
import { createSchemaEngine, NO_FILTERS } from './schema-engine.js';
import { createSession } from './session.js';

export interface DiffMigrationOptions {
  /** A Postgres server where the user may create databases: the migrations run in a new one, dropped afterwards. */
  databaseUrl: string;
  /** Folder with `schema.prisma` and `migrations/`. */
  prismaDir: string;
}

/**
 * The SQL that leads from the result of the migrations to `schema.prisma`: the body of the next migration,
 * or an empty string when both agree. Touches no existing database and no file.
 * @throws MigrationError
 */
export async function diffMigration({ databaseUrl, prismaDir }: DiffMigrationOptions): Promise<string> {
  const { schema, migrations } = await readPrismaDir(prismaDir);
  const session = createSession({ databaseUrl, schema: 'public' });
  try {
    const engine = await createSchemaEngine(schema, createAdapterFactory(session, databaseUrl, 'public'));
    try {
      const { exitCode, stdout } = await engine.diff({
        from: { tag: 'migrations', ...migrations },
        to: { tag: 'schemaDatamodel', files: [schema] },
        script: true,
        exitCode: true,
        filters: NO_FILTERS,
      });
      // With `exitCode` set the engine says 0 when there is no difference, and its script is a remark only.
      return exitCode === 0 ? '' : (stdout ?? '');
    } finally {
      engine.free();
    }
  } catch (cause) {
    throw new MigrationError(`the migrations in ${prismaDir} could not be compared with schema.prisma`, { cause });
  } finally {
    await session.end();
  }
}
