import { applyMigrations, diffMigration } from '@grok2api/prisma-migrate';
import { createLogger } from '@grok2api/service-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PRISMA_DIR, TestStore } from './test-store.js';

let test: TestStore;

beforeAll(async () => {
  test = await TestStore.start();
});

afterAll(() => test.stop());

describe('the migrations', () => {
  it('lead to schema.prisma', async () => {
    expect(await diffMigration({ databaseUrl: test.server.url, prismaDir: PRISMA_DIR })).toBe('');
  });

  it('are applied once', async () => {
    const log = createLogger({ service: 'test', instance: 'test', level: 'silent' });
    const options = { databaseUrl: test.server.url, schema: 'public', prismaDir: PRISMA_DIR, log };
    expect(await applyMigrations(options)).toEqual({ applied: [] });
  });

  it.each([
    ["state = 'completed'", 'tasks_ended'],
    ['ended_at = now()', 'tasks_ended'],
    ["state = 'lost'", 'tasks_state'],
    ["kind = 'text'", 'tasks_kind'],
    ['progress = 101', 'tasks_progress'],
    ['progress = -1', 'tasks_progress'],
    ['claim_expires_at = now()', 'tasks_claim'],
    ["upstream_job_id = 'job'", 'tasks_job'],
  ])('let the database refuse a row with %s', async (change, constraint) => {
    const id = await test.create();
    const changed = test.database.$executeRawUnsafe(`UPDATE tasks SET ${change} WHERE id = '${id}'`);
    await expect(changed).rejects.toThrow(constraint);
  });

  it.each([
    [
      'the tasks that wait the longest',
      'tasks_pending',
      `SELECT 1 FROM tasks WHERE kind = 'video' AND state = 'pending' ORDER BY created_at LIMIT 1`,
    ],
    [
      "an owner's list",
      'tasks_list',
      `SELECT 1 FROM tasks WHERE kind = 'video' AND owner = 'me' AND deleted_at IS NULL ORDER BY seq DESC LIMIT 20`,
    ],
  ])('have an index for %s', async (_what, index, query) => {
    const plan = await test.database.$transaction(async (session) => {
      // With few rows the planner would rather read all of them.
      await session.$executeRawUnsafe('SET LOCAL enable_seqscan = off');
      await session.$executeRawUnsafe('SET LOCAL enable_sort = off');
      return session.$queryRawUnsafe<Record<string, string>[]>(`EXPLAIN ${query}`);
    });
    const lines = plan.map((line) => line['QUERY PLAN']).join('\n');
    expect(lines).toMatch(new RegExp(`using ${index} `));
    expect(lines).not.toContain('Sort');
  });
});
