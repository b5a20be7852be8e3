import { Metrics } from '@grok2api/service-kit';
import { openTaskStore, storeMetrics, type TaskStore } from '@grok2api/task-store';
import { startPostgres, type TestServer } from '@grok2api/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PendingLimit } from '../src/pending-limit.js';

let server: TestServer;
let store: TaskStore;
let now = 0;
const metrics = new Metrics('test');

beforeAll(async () => {
  server = await startPostgres('migrated');
  store = openTaskStore({ databaseUrl: server.url, maxConnections: 4, metrics: storeMetrics(metrics) });
});
afterAll(async () => {
  await store?.close();
  await server?.stop();
});
beforeEach(() => {
  now = 0;
});

/** How often the database was asked. */
async function counts(): Promise<number> {
  const line = /^grok2api_task_store_seconds_count\{.*operation="tasks.countOpen".*\} (\d+)$/m;
  return Number(line.exec(await metrics.text())?.[1] ?? 0);
}

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
    const asked = await counts();
    const limit = limitOf(1_000);
    const all = () => Promise.all(Array.from({ length: 50 }, () => limit.admit('video', 'busy')));
    await all();
    now = 1_000;
    await all();
    expect((await counts()) - asked).toBe(1);
    now = 1_001;
    await all();
    expect((await counts()) - asked).toBe(2);
  });
});
