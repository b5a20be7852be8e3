import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { IMAGE, LONG_MS, TestStore, VIDEO_PARAMS } from './test-store.js';

const HOUR_MS = 3_600_000;
const DEADLINES = { queueMs: HOUR_MS, runMs: HOUR_MS };
const ERRORS = {
  queue: { code: 'queue_timeout', message: 'waited too long' },
  run: { code: 'task_timeout', message: 'ran too long' },
};

let test: TestStore;

beforeAll(async () => {
  test = await TestStore.start();
});

afterAll(() => test.stop());

beforeEach(() => test.empty());

/** Moves a time of a task's row into the past. */
async function age(id: string, column: 'created_at' | 'started_at' | 'ended_at', ms: number): Promise<void> {
  await test.database.$executeRawUnsafe(
    `UPDATE tasks SET ${column} = ${column} - interval '${ms} milliseconds' WHERE id = '${id}'`,
  );
}

describe('reroute', () => {
  const MODELS = [
    { id: 'video', upstream: 'upstream-2' },
    { id: 'upstream-2', upstream: 'upstream-2' },
  ];

  it('leads waiting tasks of a model that the upstream has no more to what their own name leads to now', async () => {
    const old = { model: 'video', upstreamModel: 'upstream-1' };
    const tasks = {
      waits: await test.create(old),
      current: await test.create({ model: 'video', upstreamModel: 'upstream-2' }),
      otherName: await test.create({ model: 'upstream-1', upstreamModel: 'upstream-1' }),
      picture: await test.create({ ...IMAGE, ...old }),
      completed: await test.completed({ ...old, upstreamModel: 'upstream-0' }),
    };
    const before = await test.database.task.findMany();

    expect(await test.store.upkeep.reroute('video', MODELS)).toBe(1);

    expect(await test.row(tasks.waits)).toMatchObject({ upstreamModel: 'upstream-2', version: 1 });
    const rows = await test.database.task.findMany();
    for (const row of before) if (row.id !== tasks.waits) expect(rows).toContainEqual(row);
    expect(await test.store.upkeep.reroute('video', MODELS)).toBe(0);
  });

  it('leaves a task alone that somebody works on', async () => {
    const taskId = await test.create({ model: 'video', upstreamModel: 'upstream-1' });
    await test.claimFresh(LONG_MS, ['upstream-1']);
    expect(await test.store.upkeep.reroute('video', MODELS)).toBe(0);
    expect(await test.row(taskId)).toMatchObject({ upstreamModel: 'upstream-1' });
  });
});

describe('endOverdue', () => {
  it('ends what waited or ran too long, and nothing else', async () => {
    const tasks = {
      waitedTooLong: await test.create({}, 2 * HOUR_MS),
      waits: await test.create({}, HOUR_MS / 2),
      picture: await test.create(IMAGE, 2 * HOUR_MS),
      completed: await test.completed({ upstreamModel: 'a' }),
      runs: (await test.running({ upstreamModel: 'b' })).taskId,
      ranTooLong: (await test.running({ upstreamModel: 'c' })).taskId,
    };
    // Its time in the queue counts no more once it runs.
    await age(tasks.runs, 'created_at', 2 * HOUR_MS);
    await age(tasks.ranTooLong, 'started_at', 2 * HOUR_MS);
    await age(tasks.completed, 'created_at', 2 * HOUR_MS);
    await age(tasks.completed, 'started_at', 2 * HOUR_MS);
    const before = await test.database.task.findMany();

    const ended = await test.store.upkeep.endOverdue('video', DEADLINES, ERRORS);

    expect(ended).toHaveLength(2);
    expect(ended).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ id: tasks.waitedTooLong, state: 'failed', version: 2, error: ERRORS.queue }),
        expect.objectContaining({ id: tasks.ranTooLong, state: 'failed', version: 3, error: ERRORS.run }),
      ]),
    );
    const rows = await test.database.task.findMany();
    const endedIds = ended.map(({ id }) => id);
    for (const row of before) {
      if (!endedIds.includes(row.id)) expect(rows).toContainEqual(row);
    }
    expect(await test.row(tasks.ranTooLong)).toMatchObject({ claimToken: null, endedAt: expect.any(Date) });
    expect(await test.store.upkeep.endOverdue('video', DEADLINES, ERRORS)).toEqual([]);
  });

  it('takes at most 500 at a time', async () => {
    await test.database.$executeRaw`
      INSERT INTO tasks (id, kind, owner, model, upstream_model, prompt, params, origin, created_at)
      SELECT 'task_' || n, 'video', 'me', 'm', 'm', 'p', ${JSON.stringify(VIDEO_PARAMS)}::jsonb, 'o', now() - interval '2 hours'
      FROM generate_series(1, 501) AS n`;
    expect(await test.store.upkeep.endOverdue('video', DEADLINES, ERRORS)).toHaveLength(500);
    expect(await test.store.upkeep.endOverdue('video', DEADLINES, ERRORS)).toHaveLength(1);
  });
});

describe('removeOld', () => {
  it('removes rows that were deleted or ended long ago, and names their media', async () => {
    const tasks = {
      old: await test.completed({ upstreamModel: 'a' }, ['old_1.mp4', 'old_2.mp4']),
      deleted: await test.completed({ upstreamModel: 'b', owner: 'gone' }, ['deleted.mp4']),
      deletedOpen: await test.create({ upstreamModel: 'c', owner: 'gone' }),
      fresh: await test.completed({ upstreamModel: 'd' }, ['fresh.mp4']),
      open: await test.create({}, 3 * HOUR_MS),
    };
    await age(tasks.old, 'ended_at', 2 * HOUR_MS);
    for await (const _batch of test.store.tasks.delete('video', 'gone', 'all'));

    const { removed, media } = await test.store.upkeep.removeOld(HOUR_MS);

    expect(removed).toBe(3);
    expect(media.sort()).toEqual(['deleted.mp4', 'old_1.mp4', 'old_2.mp4']);
    const left = await test.database.task.findMany();
    expect(left.map(({ id }) => id).sort()).toEqual([tasks.fresh, tasks.open].sort());
    expect(await test.store.upkeep.removeOld(HOUR_MS)).toEqual({ removed: 0, media: [] });
  });

  it('takes at most 500 at a time', async () => {
    await test.database.$executeRaw`
      INSERT INTO tasks (id, kind, owner, model, upstream_model, prompt, params, origin, state, ended_at, deleted_at)
      SELECT 'task_' || n, 'video', 'me', 'm', 'm', 'p', ${JSON.stringify(VIDEO_PARAMS)}::jsonb, 'o', 'failed',
        now() - interval '2 hours', CASE WHEN n % 2 = 0 THEN now() END
      FROM generate_series(1, 600) AS n`;
    let removed = 0;
    for (let last = 1; last > 0; removed += last) {
      last = (await test.store.upkeep.removeOld(HOUR_MS)).removed;
      expect(last).toBeLessThanOrEqual(500);
    }
    expect(removed).toBe(600);
  });
});

describe('mediaInUse', () => {
  it('names what an open task still needs as its picture', async () => {
    const withImage = (media: string) => ({ params: { ...VIDEO_PARAMS, image: { media } } });
    await test.running({ ...withImage('running.jpg'), upstreamModel: 'a' });
    await test.completed({ ...withImage('completed.jpg'), upstreamModel: 'b' });
    await test.create(withImage('pending.jpg'));
    await test.create(withImage('other.jpg'));
    await test.create({ params: { ...VIDEO_PARAMS, image: { url: 'https://host/url.jpg' } } });
    const asked = ['running.jpg', 'completed.jpg', 'pending.jpg', 'unknown.jpg', 'https://host/url.jpg'];
    expect(await test.store.upkeep.mediaInUse(asked)).toEqual(new Set(['running.jpg', 'pending.jpg']));
    expect(await test.store.upkeep.mediaInUse([])).toEqual(new Set());
  });
});

describe('countClaimable', () => {
  it('counts open tasks that nobody holds, up to a cap', async () => {
    const [lapsed, back] = [await test.running(), await test.running({ upstreamModel: 'a' })];
    await test.lapse(lapsed.taskId);
    await test.store.claims.handBack(back);
    await test.running({ upstreamModel: 'b' });
    await test.completed({ upstreamModel: 'c' });
    await test.create(IMAGE);
    for (let i = 0; i < 3; i++) await test.create();
    expect(await test.store.upkeep.countClaimable('video', 100)).toBe(5);
    expect(await test.store.upkeep.countClaimable('video', 4)).toBe(4);
    expect(await test.store.upkeep.countClaimable('image', 100)).toBe(1);
  });
});

describe('a lease', () => {
  it('is held by one, until it is dropped', async () => {
    const name = randomUUID();
    const { upkeep } = test.store;
    expect(await upkeep.holdLease(name, 'one', LONG_MS)).toBe(true);
    expect(await upkeep.holdLease(name, 'two', LONG_MS)).toBe(false);
    expect(await upkeep.holdLease(name, 'one', LONG_MS)).toBe(true);
    expect(await upkeep.holdLease(randomUUID(), 'two', LONG_MS)).toBe(true);
    await upkeep.dropLease(name, 'two');
    expect(await upkeep.holdLease(name, 'two', LONG_MS)).toBe(false);
    await upkeep.dropLease(name, 'one');
    expect(await upkeep.holdLease(name, 'two', LONG_MS)).toBe(true);
  });

  it('is free when it has run out', async () => {
    const name = randomUUID();
    const { upkeep } = test.store;
    expect(await upkeep.holdLease(name, 'one', 200)).toBe(true);
    const heldAt = performance.now();
    while (!(await upkeep.holdLease(name, 'two', LONG_MS)));
    expect(performance.now() - heldAt).toBeGreaterThan(150);
    expect(await upkeep.holdLease(name, 'one', LONG_MS)).toBe(false);
  });

  it('goes to one of ten that ask at once', async () => {
    const name = randomUUID();
    const holders = Array.from({ length: 10 }, (_, n) => `holder-${n}`);
    const held = await Promise.all(holders.map((holder) => test.store.upkeep.holdLease(name, holder, LONG_MS)));
    expect(held.filter((each) => each)).toHaveLength(1);
  });
});
