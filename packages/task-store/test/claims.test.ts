import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ClaimLostError, openTaskStore } from '../src/index.js';
import { ANY, IMAGE, LONG_MS, newClaimant, TestStore } from './test-store.js';

let test: TestStore;

beforeAll(async () => {
  test = await TestStore.start();
});

afterAll(() => test.stop());

beforeEach(() => test.empty());

describe('claimFresh', () => {
  it('takes the oldest task of the models first', async () => {
    const [first, , third] = [
      await test.create(),
      await test.create({ upstreamModel: 'other' }),
      await test.create(),
      await test.create(IMAGE),
    ];
    expect((await test.claimFresh())?.taskId).toBe(first);
    expect((await test.claimFresh())?.taskId).toBe(third);
    expect(await test.claimFresh()).toBeUndefined();
    expect((await test.claimFresh(LONG_MS, ['another', 'other']))?.task.upstreamModel).toBe('other');
    expect(await test.claimFresh(LONG_MS, [])).toBeUndefined();
  });

  it('returns the task as it was accepted, and writes who has it', async () => {
    const id = await test.create({ prompt: '视频 "🎬"', params: { ...PARAMS, image: { media: 'file_1.jpg' } } });
    const claimant = newClaimant();
    const task = await test.store.queue.claimFresh(claimant, ANY);
    expect(task).toEqual(await test.store.tasks.get(id));
    expect(task).toMatchObject({
      id,
      kind: 'video',
      owner: 'me',
      state: 'pending',
      version: 1,
      progress: 0,
      prompt: '视频 "🎬"',
      params: { ...PARAMS, image: { media: 'file_1.jpg' } },
      origin: 'http://localhost:8000',
      createdAt: expect.any(Date),
      submitIntentAt: undefined,
    });
    expect(await test.row(id)).toMatchObject({ claimToken: claimant.token, claimWorker: 'worker-1' });
  });

  it('counts how often a task is taken up, by whomever', async () => {
    const claim = await test.running();
    expect(await test.store.tasks.get(claim.taskId)).toMatchObject({ attempts: 1 });
    await test.store.claims.handBack(claim);
    expect((await test.claimBegun())?.task.attempts).toBe(2);
    await test.lapse(claim.taskId);
    expect((await test.claimBegun())?.task.attempts).toBe(3);
    expect(await test.store.tasks.get(claim.taskId)).toMatchObject({ attempts: 3 });
  });

  it('gives ten tasks to ten of twenty that claim at once', async () => {
    const ids = [];
    for (let i = 0; i < 10; i++) ids.push(await test.create());
    const claims = await Promise.all(Array.from({ length: 20 }, () => test.claimFresh()));
    const taken = claims.flatMap((claim) => claim?.taskId ?? []);
    expect(taken.sort()).toEqual(ids.sort());
  });

  it('takes no task that somebody has begun', async () => {
    const id = await test.create();
    const claim = await test.claimFresh();
    if (!claim) throw new Error('nothing was claimed');
    await test.store.claims.intend(claim, 'cred_1');
    await test.store.claims.handBack(claim);
    expect(await test.claimFresh()).toBeUndefined();
    expect((await test.claimBegun())?.taskId).toBe(id);
  });
});

describe('claimBegun', () => {
  it('takes no task that nobody has begun', async () => {
    await test.create();
    expect(await test.claimBegun()).toBeUndefined();
  });

  it('takes begun ones whatever their model, the oldest first', async () => {
    const claims = [await test.running({ upstreamModel: 'a' }), await test.running({ upstreamModel: 'b' })];
    for (const claim of claims.toReversed()) await test.store.claims.handBack(claim);
    expect((await test.claimBegun())?.taskId).toBe(claims[0]?.taskId);
    expect((await test.claimBegun())?.taskId).toBe(claims[1]?.taskId);
  });

  it('takes one whose submit was taken back only as a fresh one', async () => {
    await test.create();
    const claim = await test.claimFresh();
    if (!claim) throw new Error('nothing was claimed');
    await test.store.claims.intend(claim, 'cred_1');
    await test.store.claims.retract(claim);
    await test.store.claims.handBack(claim);
    expect(await test.claimBegun()).toBeUndefined();
    expect((await test.claimFresh())?.task).toMatchObject({ submitIntentAt: undefined, credentialId: undefined });
  });
});

describe('a claim', () => {
  it('keeps others away until it runs out, and is then taken over', async () => {
    await test.create();
    const claimedAt = performance.now();
    const lost = await test.claimFresh(300);
    if (!lost) throw new Error('nothing was claimed');
    let taken = await test.claimFresh();
    while (!taken) taken = await test.claimFresh();
    expect(performance.now() - claimedAt).toBeGreaterThan(290);
    expect(taken.taskId).toBe(lost.taskId);
    await expect(test.store.claims.renew(lost, LONG_MS)).rejects.toBeInstanceOf(ClaimLostError);
    await test.store.claims.renew(taken, LONG_MS);
  });

  it('that ran out still holds while nobody else has the task', async () => {
    const claim = await test.running();
    await test.lapse(claim.taskId);
    expect(await test.store.queue.anyClaimable('video')).toBe(true);
    await test.store.claims.advance(claim, 40, LONG_MS);
    expect(await test.store.queue.anyClaimable('video')).toBe(false);
    expect(await test.claimBegun()).toBeUndefined();
  });

  it('is free at once when it is handed back', async () => {
    const claim = await test.running();
    expect(await test.store.queue.anyClaimable('video')).toBe(false);
    await test.store.claims.handBack(claim);
    expect(await test.store.queue.anyClaimable('video')).toBe(true);
    expect(await test.store.queue.anyClaimable('image')).toBe(false);
    expect((await test.claimBegun())?.taskId).toBe(claim.taskId);
  });

  it.each(['cancelled', 'deleted', 'overdue'])('is lost when the task is %s', async (how) => {
    const claim = await test.running();
    const { tasks, upkeep, claims } = test.store;
    const error = { code: 'late', message: 'late' };
    if (how === 'cancelled') await tasks.cancel(claim.taskId);
    if (how === 'deleted') for await (const _batch of tasks.delete('video', 'me', 'all'));
    if (how === 'overdue')
      await upkeep.endOverdue('video', { queueMs: 0, runMs: -1_000 }, { queue: error, run: error });
    await expect(claims.complete(claim, { media: ['late.mp4'] }, 1)).rejects.toBeInstanceOf(ClaimLostError);
    await expect(claims.complete(claim, { media: ['late.mp4'] }, 1)).rejects.toMatchObject({ taskId: claim.taskId });
    expect(await test.store.queue.anyClaimable('video')).toBe(false);
  });
});

describe('at the same moment', () => {
  const ROUNDS = 15;

  /** What of these came through, by name. */
  async function winners(attempts: Record<string, () => Promise<unknown>>): Promise<string[]> {
    const names = Object.keys(attempts);
    const ends = await Promise.allSettled(Object.values(attempts).map((attempt) => attempt()));
    return names.filter((_name, index) => {
      const end = ends[index];
      if (end?.status === 'fulfilled') return end.value !== undefined;
      if (end?.reason instanceof ClaimLostError) return false;
      throw end?.reason;
    });
  }

  it('a task has one end, whoever wants to end it', async () => {
    const error = { code: 'late', message: 'late' };
    for (let round = 0; round < ROUNDS; round++) {
      const claim = await test.running();
      const { tasks, claims, upkeep } = test.store;
      const won = await winners({
        completed: () => claims.complete(claim, { media: ['video.mp4'] }, 1),
        cancelled: () => tasks.cancel(claim.taskId),
        failed: () => claims.fail(claim, { code: 'failed', message: 'failed' }),
        late: async () =>
          (await upkeep.endOverdue('video', { queueMs: -1_000, runMs: -1_000 }, { queue: error, run: error }))[0],
      });
      expect(won).toHaveLength(1);
      const { state, errorCode, version } = await test.row(claim.taskId);
      expect(errorCode ?? state).toBe(won[0]);
      // Created, submitted, ended.
      expect(version).toBe(3);
    }
  });

  it('a deleted task ends as one that was completed before, or as cancelled', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const claim = await test.running();
      const { tasks, claims } = test.store;
      const deleteIt = async () => {
        for await (const batch of tasks.delete('video', 'me', { ids: [claim.taskId] })) return batch[0]?.state;
      };
      const [completed, deleted] = await Promise.allSettled([
        claims.complete(claim, { media: ['video.mp4'] }, 1),
        deleteIt(),
      ]);
      const expected = completed.status === 'fulfilled' ? 'completed' : 'cancelled';
      expect(deleted).toEqual({ status: 'fulfilled', value: expected });
      expect(await test.row(claim.taskId)).toMatchObject({ state: expected, deletedAt: expect.any(Date) });
    }
  });

  it('a claim that ran out is renewed or taken over, never both', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const claim = await test.running();
      await test.lapse(claim.taskId);
      const won = await winners({
        renewed: () => test.store.claims.renew(claim, LONG_MS),
        first: () => test.claimBegun(),
        second: () => test.claimBegun(),
      });
      expect(won).toHaveLength(1);
      await test.store.tasks.cancel(claim.taskId);
    }
  });
});

const PARAMS = { aspect_ratio: '16:9', video_length: 10, resolution: '720p', preset: 'fun' } as const;

describe('owners', () => {
  it('take turns, the one who waited longest first', async () => {
    for (let i = 0; i < 4; i++) await test.create({ owner: 'many' });
    await test.create({ owner: 'few' });
    await test.create({ owner: 'one' });
    const served: (string | undefined)[] = [];
    for (let i = 0; i < 6; i++) served.push((await test.claimFresh())?.task.owner);
    expect(served).toEqual(['few', 'many', 'one', 'many', 'many', 'many']);
  });

  it('have no more tasks worked on than they may, however many claim at once', async () => {
    for (let i = 0; i < 8; i++) await test.create({ owner: 'many' });
    const selection = { ...ANY, ownerMaxRunning: 3 };
    const claims = await Promise.all(
      Array.from({ length: 8 }, () => test.store.queue.claimFresh(newClaimant(), selection)),
    );
    expect(claims.filter(Boolean)).toHaveLength(3);
    expect(await test.store.queue.claimFresh(newClaimant(), selection)).toBeUndefined();
    const [first] = claims.filter((task) => task !== undefined);
    await test.store.tasks.cancel(String(first?.id));
    expect(await test.store.queue.claimFresh(newClaimant(), selection)).toBeDefined();
  });
});

describe('after an outage', () => {
  it('nothing is taken over soon after the server was started, but what was handed back is', async () => {
    // Through a store that sees when the server was really started.
    const store = openTaskStore({ databaseUrl: test.server.url, maxConnections: 2 });
    try {
      const claim = await test.running();
      await test.lapse(claim.taskId);
      expect(await store.queue.claimBegun(newClaimant(LONG_MS), true)).toBeUndefined();
      expect(await store.queue.claimBegun(newClaimant(1), true)).toMatchObject({ id: claim.taskId, claimLosses: 1 });
      expect(await store.queue.claimBegun(newClaimant(1), false)).toBeUndefined();
    } finally {
      await store.close();
    }
  });
});
