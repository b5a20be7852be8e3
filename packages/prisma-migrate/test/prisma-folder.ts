import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folders: string[] = [];

/** Writes a Prisma folder with the given models and migrations (name → SQL). */
export async function prismaFolder(models: string, migrations: Record<string, string>): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'prisma-folder-'));
  folders.push(dir);
  await writeFile(join(dir, 'schema.prisma'), `datasource db {\n  provider = "postgresql"\n}\n\n${models}\n`);
  await mkdir(join(dir, 'migrations'));
  await writeFile(join(dir, 'migrations', 'migration_lock.toml'), 'provider = "postgresql"\n');
  for (const [name, sql] of Object.entries(migrations)) {
    await mkdir(join(dir, 'migrations', name));
    await writeFile(join(dir, 'migrations', name, 'migration.sql'), sql);
  }
  return dir;
}

export const NOTE_MODEL = 'model Note {\n  id   Int    @id\n  text String\n}';

export const CREATE_NOTE =
  'CREATE TABLE "Note" ("id" INTEGER NOT NULL, "text" TEXT NOT NULL, CONSTRAINT "Note_pkey" PRIMARY KEY ("id"));\n';

/** Removes every folder that this process wrote. */
export async function removePrismaFolders(): Promise<void> {
  for (const dir of folders.splice(0)) await rm(dir, { recursive: true });
}
