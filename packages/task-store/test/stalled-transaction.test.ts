import { afterAll, beforeAll, expect, it } from 'vitest';
import { openDatabase, withDatabase } from '../src/database.js';
import { StoreUnavailableError } from '../src/index.js';
import { ANY, newClaimant, newTask, TestStore } from './test-store.js';

let test: TestStore;
beforeAll(async () => {
  test = await TestStore.start();
});
afterAll(() => test.stop());

it('a worker that stands still in the middle of a claim does not keep its lock: others go on within seconds', async () => {
  const { tasks, queue } = test.store;
  await tasks.create(newTask());
  expect(await queue.claimFresh(newClaimant(), ANY)).toBeDefined();
  const waiting = newTask();
  await tasks.create(waiting);

  const stopped = openDatabase({ databaseUrl: test.server.url, maxConnections: 1 });
  let goOn = () => {};
  let locked = () => {};
  const continued = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const hasLock = new Promise<void>((resolve) => {
    locked = resolve;
  });
  const transaction = withDatabase(() =>
    stopped.$transaction(
      async (open) => {
        await open.$queryRaw`SELECT owner FROM owner_queue FOR UPDATE`;
        locked();
        await continued;
        await open.$queryRaw`SELECT 1`;
      },
      { timeout: 60_000 },
    ),
  );
  const outcome = transaction.catch((err: unknown) => err);
  try {
    await hasLock;
    const begun = Date.now();
    expect((await queue.claimFresh(newClaimant(), ANY))?.id).toBe(waiting.id);
    expect(Date.now() - begun).toBeLessThan(8_000);
    goOn();
    expect(await outcome).toBeInstanceOf(StoreUnavailableError);
  } finally {
    goOn();
    await outcome;
    await stopped.$disconnect();
  }
});
