import { fileURLToPath } from 'node:url';
import { diffMigration } from '@grok2api/prisma-migrate';
import { createLogger } from '@grok2api/service-kit';
import { startPostgres, type TestServer } from '@grok2api/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../src/database.js';
import { startTokenPool } from './token-pool-process.js';

let postgres: TestServer;

beforeAll(async () => {
  postgres = await startPostgres();
});

afterAll(() => postgres.stop());

describe('migrate-main', () => {
  it('makes the tables and exits with 0, also the second time', async () => {
    for (let i = 0; i < 2; i++) {
      expect(await startTokenPool('migrate-main', { DATABASE_URL: postgres.url }).exited).toBe(0);
    }
    const log = createLogger({ service: 'test', instance: 'test', level: 'silent' });
    const database = openDatabase(postgres.url, log);
    expect(await database.credential.count()).toBe(0);
    await database.$disconnect();
  });

  it('exits with 1 and one sentence', async () => {
    const url = postgres.url.replace(/[^/]*$/, 'nowhere');
    const process = startTokenPool('migrate-main', { DATABASE_URL: url });
    expect(await process.exited).toBe(1);
    const fatal = process.lines.filter((line) => line.includes('"fatal"')).map((line) => JSON.parse(line).msg);
    expect(fatal).toEqual(['the migrations of schema "pool" could not be applied: database "nowhere" does not exist']);
  });
});

describe('the migrations', () => {
  it('lead to schema.prisma', async () => {
    const prismaDir = fileURLToPath(new URL('../prisma', import.meta.url));
    expect(await diffMigration({ databaseUrl: postgres.url, prismaDir })).toBe('');
  });
});
