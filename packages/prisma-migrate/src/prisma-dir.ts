import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MigrationList, SchemaContainer } from '@prisma/schema-engine-wasm';
import { MigrationError } from './migration-error.js';

/** What a Prisma folder holds, in the form that the schema engine takes. */
interface PrismaDir {
  schema: SchemaContainer;
  migrations: MigrationList;
}

/**
 * Reads `schema.prisma` and every `migrations/NAME/migration.sql` of a folder, ordered by name.
 * @throws MigrationError when a file cannot be read
 */
export async function readPrismaDir(dir: string): Promise<PrismaDir> {
  const schemaPath = join(dir, 'schema.prisma');
  const migrationsDir = join(dir, 'migrations');
  try {
    const entries = await readdir(migrationsDir, { withFileTypes: true });
    const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
    return {
      schema: { path: schemaPath, content: await readFile(schemaPath, 'utf8') },
      migrations: {
        baseDir: migrationsDir,
        // The engine refuses to apply migrations that were written for another database.
        lockfile: { path: 'migration_lock.toml', content: 'provider = "postgresql"\n' },
        shadowDbInitScript: '',
        migrationDirectories: await Promise.all(
          names.sort().map(async (name) => ({
            path: name,
            migrationFile: {
              path: 'migration.sql',
              content: {
                tag: 'ok' as const,
                value: await readFile(join(migrationsDir, name, 'migration.sql'), 'utf8'),
              },
            },
          })),
        ),
      },
    };
  } catch (cause) {
    throw new MigrationError(`cannot read the migrations in ${dir}`, { cause });
  }
}
