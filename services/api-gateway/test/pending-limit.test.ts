import { openTaskStore, type TaskStore } from '@grok2api/task-store';
import { startPostgres, type TestServer } from '@grok2api/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { PendingLimit } from '../src/pending-limit.js';

let server: TestServer;
let store: TaskStore;
let now = 0;

beforeAll(async () => {
  server = await startPostgres('migrated');
  store = openTaskStore({ databaseUrl: server.url, maxConnections: 4 });
});
afterAll(async () => {
  await store?.close();
  await server?.stop();
});
beforeEach(() => {
  now = 0;
});

const limitOf = (max: number) => new PendingLimit(store.tasks, max, () => now);

describe('the limit of open tasks', () => {
  it('lets as many in as it says, of those that come at once too', async () => {
    const limit = limitOf(3);
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => limit.admit('video', 'many')));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    await expect(limit.admit('video', 'many')).rejects.toMatchObject({ code: 'too_many_pending_tasks' });
    await limit.admit('image', 'many');
    await limit.admit('video', 'another');
  });

  it('asks the database once for all who come at once, and again a second later', async () => {
    const asked = vi.spyOn(store.tasks, 'countOpen');
    const limit = limitOf(1_000);
    const all = () => Promise.all(Array.from({ length: 50 }, () => limit.admit('video', 'busy')));
    await all();
    now = 1_000;
    await all();
    expect(asked).toHaveBeenCalledTimes(1);
    now = 1_001;
    await all();
    expect(asked).toHaveBeenCalledTimes(2);
    asked.mockRestore();
  });
});
