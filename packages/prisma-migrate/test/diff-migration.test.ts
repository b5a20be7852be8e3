import { startPostgres, type TestServer } from '@grok2api/testkit';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyMigrations, diffMigration } from '../src/index.js';
import { CREATE_NOTE, NOTE_MODEL, prismaFolder, removePrismaFolders } from './prisma-folder.js';

let postgres: TestServer;

beforeAll(async () => {
  postgres = await startPostgres();
  const log = { info: () => {}, warn: () => {} };
  const prismaDir = await prismaFolder('', {});
  await applyMigrations({ databaseUrl: postgres.url, schema: 'public', prismaDir, log });
});

afterAll(async () => {
  await postgres.stop();
  await removePrismaFolders();
});

function diff(prismaDir: string): Promise<string> {
  return diffMigration({ databaseUrl: postgres.url, prismaDir });
}

describe('diffMigration', () => {
  it('is empty when migrations and schema agree', async () => {
    expect(await diff(await prismaFolder(NOTE_MODEL, { '1_note': CREATE_NOTE }))).toBe('');
  });

  it('gives the SQL that is missing, which then makes them agree', async () => {
    const grown = NOTE_MODEL.replace('}', '  done Boolean @default(false)\n}');
    const sql = await diff(await prismaFolder(grown, { '1_note': CREATE_NOTE }));
    expect(sql).toContain('ALTER TABLE "Note" ADD COLUMN     "done" BOOLEAN NOT NULL DEFAULT false;');
    expect(await diff(await prismaFolder(grown, { '1_note': CREATE_NOTE, '2_done': sql }))).toBe('');
  });

  it('gives the first migration when there is none', async () => {
    expect(await diff(await prismaFolder(NOTE_MODEL, {}))).toContain('CREATE TABLE "Note"');
  });

  it('understands relations, enums, indexes, arrays, JSON and defaults', async () => {
    const models = `enum Mood {\n  GOOD\n  BAD\n}
model Writer {
  id    String @id @default(uuid()) @db.Uuid
  moods Mood[]
  extra Json?  @default("{}")
  notes Note[]
}
model Note {
  id       BigInt   @id @default(autoincrement())
  text     String   @db.VarChar(200)
  at       DateTime @default(now()) @db.Timestamptz(3)
  writerId String   @db.Uuid
  writer   Writer   @relation(fields: [writerId], references: [id], onDelete: Cascade)

  @@unique([writerId, text])
  @@index([at(sort: Desc)])
}`;
    const sql = await diff(await prismaFolder(models, {}));
    expect(sql).toContain('ON DELETE CASCADE');
    expect(await diff(await prismaFolder(models, { '1_all': sql }))).toBe('');
    const restrict = await prismaFolder(models.replace('onDelete: Cascade', 'onDelete: Restrict'), { '1_all': sql });
    expect(await diff(restrict)).toContain('ON DELETE RESTRICT');
    // Checks and partial indexes cannot be written in schema.prisma and are not part of the comparison.
    const extended = `${sql}\nALTER TABLE "Note" ADD CHECK (length("text") > 0);
      CREATE INDEX "recent" ON "Note"("at") WHERE "id" > 5;`;
    expect(await diff(await prismaFolder(models, { '1_all': extended }))).toBe('');
  });

  it('leaves no database behind, also after a migration that fails', async () => {
    await expect(diff(await prismaFolder(NOTE_MODEL, { '1_bad': 'SELECT nothing;' }))).rejects.toMatchObject({
      name: 'MigrationError',
      cause: { message: expect.stringContaining('nothing') },
    });
    const client = new pg.Client({ connectionString: postgres.url });
    await client.connect();
    const { rows } = await client.query("SELECT datname FROM pg_database WHERE datname LIKE 'prisma_%'");
    await client.end();
    expect(rows).toEqual([]);
  });
});
