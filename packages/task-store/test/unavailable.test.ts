import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../src/database.js';
import { StoreUnavailableError, type TaskStore } from '../src/index.js';
import { ANY, newClaimant, newTask, TestStore } from './test-store.js';

let test: TestStore;
/** A running task, to write to. */
let claim: { taskId: string; token: string };

beforeAll(async () => {
  test = await TestStore.start();
  claim = await test.running();
});

afterAll(() => test.stop());

/** Something of each way in which statements are made and sent. */
function statements({ tasks, queue, claims, upkeep }: TaskStore): Record<string, () => Promise<unknown>> {
  const error = { code: 'late', message: 'late' };
  return {
    create: () => tasks.create(newTask({ id: 'task_again' })),
    get: () => tasks.get(claim.taskId),
    getMany: () => tasks.getMany([claim.taskId]),
    list: () => tasks.list({ kind: 'video', owner: 'me', limit: 10 }),
    cancel: () => tasks.cancel('task_unknown'),
    delete: () => tasks.delete('video', 'nobody', 'all').next(),
    countByState: () => tasks.countByState(),
    anyClaimable: () => queue.anyClaimable('image'),
    claimBegun: () => queue.claimBegun({ ...newClaimant(), kind: 'image' }, true),
    claimFresh: () => queue.claimFresh({ ...newClaimant(), kind: 'image' }, ANY),
    renew: () => claims.renew(claim, 60_000),
    advance: () => claims.advance(claim, 10, 60_000),
    holdLease: () => upkeep.holdLease('lease', 'me', 1_000),
    dropLease: () => upkeep.dropLease('lease', 'nobody'),
    countClaimable: () => upkeep.countClaimable('video', 10),
    endOverdue: () => upkeep.endOverdue('image', { queueMs: 0, runMs: 0 }, { queue: error, run: error }),
    removeOld: () => upkeep.removeOld(3_600_000),
    mediaInUse: () => upkeep.mediaInUse(['file.jpg']),
  };
}

/** Uses the store without pause until told to stop; tells how often each statement failed, and how often they worked. */
function use(store: TaskStore) {
  const failed = new Map<string, number>();
  let worked = 0;
  let stopped = false;
  const users = Object.entries(statements(store)).map(async ([name, run]) => {
    while (!stopped) {
      try {
        await run();
        worked++;
      } catch (err) {
        // Any other error is one that the store did not recognize.
        if (!(err instanceof StoreUnavailableError)) throw err;
        failed.set(name, (failed.get(name) ?? 0) + 1);
        await sleep(5);
      }
    }
  });
  const over = Promise.all(users);
  over.catch(() => {
    stopped = true;
  });
  return {
    failed,
    /** Resolves when statements have worked this often from now. */
    working: async (times = 50) => {
      const target = worked + times;
      const deadline = Date.now() + 15_000;
      while (worked < target) {
        await Promise.race([over, sleep(10)]);
        if (Date.now() > deadline) throw new Error('the store did not recover');
      }
    },
    stop: async () => {
      stopped = true;
      await over;
    },
  };
}

describe('a Postgres server that goes away', () => {
  it('is told apart in every statement when it is stopped, and the store works again when it is back', async () => {
    await test.server.pause();
    for (const [name, run] of Object.entries(statements(test.store))) {
      await expect(run(), name).rejects.toBeInstanceOf(StoreUnavailableError);
    }
    expect(await test.store.tasks.ping()).toBe(false);
    await test.server.resume();
    for (const [name, run] of Object.entries(statements(test.store))) {
      await expect(
        run().then(() => 'worked'),
        name,
      ).resolves.toBe('worked');
    }
    expect(await test.store.tasks.ping()).toBe(true);
  });

  it('is told apart when it is stopped while the store is in use', async () => {
    const used = use(test.store);
    await used.working();
    await test.server.pause();
    const everything = Object.keys(statements(test.store)).length;
    while (used.failed.size < everything) await sleep(10);
    await test.server.resume();
    await used.working();
    await used.stop();
  });

  it('is told apart when it is killed, and the store recovers by itself', async () => {
    const used = use(test.store);
    for (let kills = 0; kills < 2; kills++) {
      await used.working();
      used.failed.clear();
      const back = test.server.kill();
      while (used.failed.size === 0) await sleep(5);
      await back;
      await used.working();
    }
    await used.stop();
  });

  it('is told apart when it ends sessions, and the store opens others', async () => {
    const used = use(test.store);
    for (let rounds = 0; rounds < 3; rounds++) {
      await used.working();
      await test.database.$executeRaw`
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname IS NOT NULL AND pid <> pg_backend_pid()`;
    }
    await used.working();
    await used.stop();
    expect(used.failed.size).toBeGreaterThan(0);
  });

  it.each([
    ['takes no connections, as during maintenance', 'ALLOW_CONNECTIONS false', 'ALLOW_CONNECTIONS true'],
    [
      'only reads, as one that was replaced',
      'SET default_transaction_read_only = on',
      'RESET default_transaction_read_only',
    ],
  ])('is told apart when it %s', async (_what, begin, end) => {
    const url = new URL(test.server.url);
    const name = url.pathname.slice(1);
    url.pathname = 'postgres';
    const besides = openDatabase({ databaseUrl: url.href, maxConnections: 1 });
    const change = async (how: string) => {
      await besides.$executeRawUnsafe(`ALTER DATABASE ${name} ${how}`);
      await besides.$executeRaw`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ${name}`;
    };
    const create = () => test.store.tasks.create(newTask());
    try {
      await change(begin);
      const errors: unknown[] = [];
      // The first ones may find a connection that has just been ended.
      for (let nth = 0; nth < 15; nth++) errors.push(await create().catch((err: unknown) => err));
      for (const err of errors) expect(err).toBeInstanceOf(StoreUnavailableError);
    } finally {
      await change(end);
      await besides.$disconnect();
    }
    await expect.poll(() => create().then(() => 'worked', String), { timeout: 10_000 }).toBe('worked');
  });

  it('is told apart when it accepts connections and says nothing', async () => {
    const fresh = TestStore.open(test.server);
    await test.server.freeze();
    try {
      const asked = [() => fresh.tasks.get('task_1'), () => fresh.tasks.create(newTask())];
      const errors = await Promise.all(asked.map((ask) => ask().catch((err: unknown) => err)));
      for (const err of errors) expect(err).toBeInstanceOf(StoreUnavailableError);
    } finally {
      await test.server.thaw();
    }
    expect(await fresh.tasks.get('task_1')).toBeUndefined();
    await fresh.close();
  });
});

describe('a fault of a statement', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['a text that Postgres cannot hold', () => test.store.tasks.create(newTask({ prompt: 'a\0b' }))],
    ['a value that the table refuses', () => test.store.claims.advance(claim, 101, 1_000)],
    // The server repeats the value in its message.
    [
      'a value that reads like a lost connection',
      () => test.store.claims.renew({ ...claim, token: 'Connection terminated: socket ECONNRESET' }, 1_000),
    ],
    ['a claim that is lost', () => test.store.claims.renew({ ...claim, token: newClaimant().token }, 1_000)],
  ])('is no absence of the database: %s', async (_what, run) => {
    const err = await run().catch((cause: unknown) => cause);
    expect(err).toBeInstanceOf(Error);
    expect(err).not.toBeInstanceOf(StoreUnavailableError);
  });
});
