import { startPostgres, type TestServer } from '@grok2api/testkit';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyMigrations, MigrationError, type MigrationLog } from '../src/index.js';
import { CREATE_NOTE, NOTE_MODEL, prismaFolder, removePrismaFolders } from './prisma-folder.js';

const silent: MigrationLog = { info: () => {}, warn: () => {} };

let postgres: TestServer;
let admin: pg.Client;
let databaseUrl: string;
let databases = 0;

beforeAll(async () => {
  postgres = await startPostgres();
  const prismaDir = await prismaFolder('', {});
  await applyMigrations({ databaseUrl: postgres.url, schema: 'public', prismaDir, log: silent });
  admin = await connected(postgres.url);
});

afterAll(async () => {
  await admin.end();
  await postgres.stop();
  await removePrismaFolders();
});

async function connected(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  return client;
}

async function emptyDatabase(): Promise<void> {
  const name = `test_${++databases}`;
  await admin.query(`CREATE DATABASE ${name}`);
  databaseUrl = postgres.url.replace(/[^/]*$/, name);
}

async function query(sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

function apply(prismaDir: string, schema = 'public', log = silent) {
  return applyMigrations({ databaseUrl, schema, prismaDir, log, connectTimeoutMs: 10_000 });
}

describe('applyMigrations', () => {
  it('applies what is missing, in order, and nothing twice', async () => {
    await emptyDatabase();
    const first = { '2_index': 'CREATE INDEX "by_text" ON "Note"("text");', '1_note': CREATE_NOTE };
    expect(await apply(await prismaFolder(NOTE_MODEL, first))).toEqual({ applied: ['1_note', '2_index'] });
    const second = await prismaFolder(NOTE_MODEL, { ...first, '3_row': `INSERT INTO "Note" VALUES (1, 'one');` });
    expect(await apply(second)).toEqual({ applied: ['3_row'] });
    expect(await apply(second)).toEqual({ applied: [] });
    // A version that is older than the database leaves it alone.
    expect(await apply(await prismaFolder(NOTE_MODEL, first))).toEqual({ applied: [] });
    expect(await query('SELECT * FROM "Note"')).toEqual([{ id: 1, text: 'one' }]);
  });

  it('keeps the tables and the list of migrations of each schema in that schema', async () => {
    await emptyDatabase();
    const notes = await prismaFolder(NOTE_MODEL, { '1_note': CREATE_NOTE });
    await Promise.all([apply(notes, 'public'), apply(notes, 'pool')]);
    expect(
      await query(`SELECT table_schema, table_name FROM information_schema.tables
                   WHERE table_schema IN ('public', 'pool') ORDER BY 1, 2`),
    ).toEqual([
      { table_schema: 'pool', table_name: 'Note' },
      { table_schema: 'pool', table_name: '_prisma_migrations' },
      { table_schema: 'public', table_name: 'Note' },
      { table_schema: 'public', table_name: '_prisma_migrations' },
    ]);
  });

  it('sends a script as it is, with semicolons in comments, texts and functions', async () => {
    await emptyDatabase();
    const sql = `-- first; then\n${CREATE_NOTE}
      CREATE FUNCTION note_two() RETURNS void LANGUAGE plpgsql AS $$ BEGIN INSERT INTO "Note" VALUES (2, 'a;b'); END; $$;
      SELECT note_two();`;
    await apply(await prismaFolder(NOTE_MODEL, { '1_all': sql }));
    expect(await query('SELECT text FROM "Note"')).toEqual([{ text: 'a;b' }]);
  });

  it('lets one of many at once do the work', async () => {
    await emptyDatabase();
    const waiting: string[] = [];
    const log: MigrationLog = { info: (_fields, message) => waiting.push(message), warn: () => {} };
    const notes = await prismaFolder(NOTE_MODEL, { '1_note': `SELECT pg_sleep(0.5); ${CREATE_NOTE}` });
    const results = await Promise.all(Array.from({ length: 6 }, () => apply(notes, 'public', log)));
    expect(results.map(({ applied }) => applied.length).sort()).toEqual([0, 0, 0, 0, 0, 1]);
    expect(waiting.filter((message) => message === 'another process migrates, waiting for it')).toHaveLength(5);
    expect(await query('SELECT count(*)::int AS rows FROM _prisma_migrations')).toEqual([{ rows: 1 }]);
  });

  it('undoes a script that fails, tells why, and goes no further', async () => {
    await emptyDatabase();
    const scripts = { '1_note': CREATE_NOTE, '2_bad': 'CREATE TABLE "Half" ("id" INTEGER); SELECT * FROM nowhere;' };
    const broken = await prismaFolder(NOTE_MODEL, { ...scripts, '3_next': 'CREATE TABLE "Next" ("id" INTEGER);' });
    await expect(apply(broken)).rejects.toMatchObject({
      name: 'MigrationError',
      cause: { message: expect.stringContaining('No such table: nowhere') },
    });
    await expect(apply(broken)).rejects.toMatchObject({ cause: { code: 'P3009' } });
    expect(
      await query(`SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1`),
    ).toEqual([{ table_name: 'Note' }, { table_name: '_prisma_migrations' }]);
    expect(await query(`SELECT pid FROM pg_locks WHERE locktype = 'advisory'`)).toEqual([]);
  });

  it('waits for a database that is not there yet', async () => {
    await emptyDatabase();
    await admin.end();
    await postgres.pause();
    const notes = await prismaFolder(NOTE_MODEL, { '1_note': CREATE_NOTE });
    let resumed: Promise<void> | undefined;
    const log: MigrationLog = {
      info: () => {},
      warn: () => {
        resumed ??= postgres.resume();
      },
    };
    const applied = await applyMigrations({ databaseUrl, schema: 'public', prismaDir: notes, log });
    expect(applied).toEqual({ applied: ['1_note'] });
    await resumed;
    admin = await connected(postgres.url);
  });

  it('gives up in time, and at once where waiting cannot help', async () => {
    const options = { schema: 'public', prismaDir: await prismaFolder('', {}), log: silent };
    // A port of loopback that nothing listens on.
    const nobody = 'postgres://postgres@127.0.0.1:1/postgres';
    await expect(applyMigrations({ ...options, databaseUrl: nobody, connectTimeoutMs: 300 })).rejects.toMatchObject({
      cause: { code: 'ECONNREFUSED' },
    });
    let retries = 0;
    const log: MigrationLog = { info: () => {}, warn: () => retries++ };
    const missing = postgres.url.replace(/[^/]*$/, 'missing');
    await expect(applyMigrations({ ...options, log, databaseUrl: missing })).rejects.toMatchObject({
      cause: { code: '3D000' },
    });
    expect(retries).toBe(0);
  });

  it('refuses a schema name that would need quotes, and a folder without migrations', async () => {
    const notes = await prismaFolder(NOTE_MODEL, {});
    await expect(apply(notes, 'a"; DROP')).rejects.toThrow(MigrationError);
    await expect(apply('/nowhere')).rejects.toThrow(MigrationError);
  });
});
