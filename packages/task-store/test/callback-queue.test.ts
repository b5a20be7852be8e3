import { randomUUID } from 'node:crypto';
import type { CallbackAttempt } from '@grok2api/contracts';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CallbackSelection, ClaimedCallback, TaskStore } from '../src/index.js';
import { TestStore } from './test-store.js';

const ATTEMPT: CallbackAttempt = {
  at: '2026-01-01T00:00:00.000Z',
  duration_ms: 12,
  status: 500,
  error: null,
  answer: '出错了',
};

let test: TestStore;
let store: TaskStore;

beforeAll(async () => {
  test = await TestStore.start();
  store = test.store;
});

afterAll(() => test.stop());

beforeEach(() => test.empty());

/** Writes callbacks of a host, due so many seconds ago, of tasks that ended so many seconds ago. */
async function write(
  host: string,
  count: number,
  due: { dueS?: number; endedS?: number; attempts?: number } = {},
): Promise<void> {
  const { dueS = 1, endedS = dueS, attempts = 0 } = due;
  await test.database.$executeRaw`
    INSERT INTO callbacks (id, task_id, kind, owner, url, host, payload, attempts, ended_at, next_attempt_at)
    SELECT 'msg_' || id, 'task_' || id, 'video', 'me', 'https://' || ${host} || '/', ${host}, '{}', ${attempts}::int,
      now() - ${endedS}::int * interval '1 second', now() - ${dueS}::int * interval '1 second'
    FROM (SELECT md5(random()::text) AS id FROM generate_series(1, ${count}::int)) AS ids`;
}

function claim(selection: Partial<CallbackSelection> = {}, from = store): Promise<ClaimedCallback[]> {
  const all = { ttlMs: 60_000, limit: 1000, perHost: 1000, room: new Map(), token: randomUUID() };
  return from.callbackQueue.claim({ ...all, ...selection });
}

async function only(): Promise<ClaimedCallback> {
  const [claimed, ...others] = await claim();
  if (!claimed || others.length > 0) throw new Error('not one callback is due');
  return claimed;
}

const row = ({ id }: ClaimedCallback) => test.database.callback.findUniqueOrThrow({ where: { id } });
const hosts = (claimed: ClaimedCallback[]) => claimed.map(({ host }) => host).sort();

describe('a claim', () => {
  it('takes what is due, once', async () => {
    await write('a', 2);
    await write('b', 1, { dueS: -60 });
    const claimed = await claim();
    expect(hosts(claimed)).toEqual(['a', 'a']);
    expect(claimed[0]).toMatchObject({ url: 'https://a/', payload: '{}', attempts: 0, owner: 'me' });
    expect(claimed[0]?.ageMs).toBeGreaterThan(900);
    expect(await claim()).toEqual([]);
  });

  it('that ran out is open to others, and what it writes then is refused', async () => {
    await write('a', 1);
    const [lost] = await claim({ ttlMs: -1 });
    const taken = await only();
    expect(taken.id).toBe(lost?.id);
    if (!lost) throw new Error('nothing was claimed');
    expect(await store.callbackQueue.record(lost, ATTEMPT, 'given_up')).toBe(false);
    expect(await store.callbackQueue.putOff(lost, 1_000)).toBe(false);
    expect(await row(taken)).toMatchObject({ state: 'pending', attempts: 0, claimToken: taken.token });
    expect(await store.callbackQueue.record(taken, ATTEMPT, 'delivered')).toBe(true);
    expect(await row(taken)).toMatchObject({ state: 'delivered', attempts: 1, claimToken: null });
  });

  it('takes those first that have waited the longest, of one host no more than it may', async () => {
    await write('dead', 500, { dueS: 100 });
    await write('a', 3, { dueS: 10 });
    await write('b', 1, { dueS: 20 });
    expect(hosts(await claim({ perHost: 2, limit: 4 }))).toEqual(['a', 'b', 'dead', 'dead']);
  });

  it('passes over hosts without room, and takes of others what there is room for', async () => {
    await write('dead', 500, { dueS: 100 });
    await write('a', 3, { dueS: 10 });
    const room = new Map([
      ['dead', 0],
      ['a', 1],
      ['unknown', 1],
    ]);
    expect(hosts(await claim({ room }))).toEqual(['a']);
  });

  it('finds what is due for one host among many, also one without a name', async () => {
    await test.database.$executeRaw`
      INSERT INTO callbacks (id, task_id, kind, owner, url, host, payload, ended_at, next_attempt_at)
      SELECT 'msg_' || n, 'task_' || n, 'video', 'me', 'https://h', 'host-' || n, '{}', now(), now() + interval '1 hour'
      FROM generate_series(1, 3000) AS n`;
    await write('host-2500', 1);
    await write('', 1);
    expect(hosts(await claim())).toEqual(['', 'host-2500']);
  });

  it('is of one only, however many claim at the same moment, and all that is due is claimed', async () => {
    const others = [TestStore.open(test.server), TestStore.open(test.server)];
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 15 }), async (count, limit) => {
        await test.empty();
        await write('a', count);
        await write('b', count);
        const claimed: ClaimedCallback[] = [];
        const users = [store, ...others].map(async (each) => {
          for (;;) {
            const some = await claim({ limit }, each);
            expect(some.length).toBeLessThanOrEqual(limit);
            claimed.push(...some);
            if (some.length === 0) return;
          }
        });
        await Promise.all(users);
        claimed.push(...(await claim()));
        expect(new Set(claimed.map(({ id }) => id)).size).toBe(2 * count);
        expect(claimed).toHaveLength(2 * count);
      }),
      { numRuns: 25 },
    );
    await Promise.all(others.map((each) => each.close()));
  });
});

describe('a record', () => {
  it('of a failure says when the next attempt is, from the end of the task', async () => {
    await write('a', 1, { dueS: 5, endedS: 100 });
    const claimed = await only();
    await store.callbackQueue.record(claimed, ATTEMPT, { againAtAgeMs: 120_500.4 });
    const after = await row(claimed);
    expect(after).toMatchObject({ state: 'pending', attempts: 1, attemptLog: [ATTEMPT], settledAt: null });
    expect(Number(after.nextAttemptAt) - Number(after.endedAt)).toBe(120_500);
    expect(await claim()).toEqual([]);
  });

  it.each(['delivered', 'gone', 'given_up'] as const)('settles: %s', async (state) => {
    await write('a', 1);
    const claimed = await only();
    await store.callbackQueue.record(claimed, ATTEMPT, state);
    expect(await row(claimed)).toMatchObject({ state, attempts: 1, settledAt: expect.any(Date), claimExpiresAt: null });
    expect(await claim({ ttlMs: 1 })).toEqual([]);
  });

  it('keeps the latest attempts only', async () => {
    await write('a', 1);
    for (let n = 1; n <= 25; n++) {
      await store.callbackQueue.record(await only(), { ...ATTEMPT, duration_ms: n }, { againAtAgeMs: 0 });
    }
    const details = await store.callbacks.get((await only()).id);
    expect(details).toMatchObject({ attempts: 25 });
    expect(details?.attemptLog.map(({ duration_ms }) => duration_ms)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 6),
    );
  });

  it('is none where nothing was attempted', async () => {
    await write('a', 1);
    const claimed = await only();
    await store.callbackQueue.putOff(claimed, 60_000);
    expect(await row(claimed)).toMatchObject({ state: 'pending', attempts: 0, attemptLog: [], claimToken: null });
    expect(await claim()).toEqual([]);
  });
});

describe('giving up what is overdue', () => {
  it('takes those of that host whose last time is over, or is over twice where nothing was attempted', async () => {
    await write('dead', 3, { dueS: 10, endedS: 3_700, attempts: 4 });
    await write('dead', 2, { dueS: 10, endedS: 7_300 });
    await write('dead', 1, { dueS: 10, endedS: 7_100 });
    await write('dead', 1, { dueS: 10, endedS: 60, attempts: 1 });
    await write('dead', 1, { dueS: -10, endedS: 7_200, attempts: 1 });
    await write('other', 1, { dueS: 10, endedS: 7_200, attempts: 4 });
    expect(await store.callbackQueue.giveUpOverdue('dead', 3_600_000, ATTEMPT)).toBe(5);
    const given = await store.callbacks.list({ state: 'given_up', limit: 10 });
    expect(given.callbacks.map(({ attempts }) => attempts)).toEqual([0, 0, 4, 4, 4]);
  });
});

describe('old callbacks', () => {
  it('are removed some time after they were settled, pending ones never', async () => {
    await write('a', 2);
    await write('b', 1, { dueS: 1_000_000 });
    for (const claimed of await claim({ limit: 2, room: new Map([['b', 0]]) })) {
      await store.callbackQueue.record(claimed, ATTEMPT, 'delivered');
    }
    expect(await store.callbackQueue.removeOld(60_000)).toBe(0);
    await test.database.$executeRaw`UPDATE callbacks SET settled_at = settled_at - interval '2 minutes'`;
    expect(await store.callbackQueue.removeOld(60_000)).toBe(2);
    expect(await test.database.callback.count()).toBe(1);
  });
});
