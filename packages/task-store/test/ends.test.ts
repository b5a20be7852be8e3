import { callbackId, callbackPayload, END_STATES, hasEnded, type TaskState } from '@grok2api/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Claim, ClaimLostError, type TaskChange, TRANSITIONS } from '../src/index.js';
import { newTask, TestStore } from './test-store.js';

const URL_TO_TELL = 'https://Example.com:443/hook?a=b';
const ERROR = { code: 'late', message: 'zu spät 🐌' };

let test: TestStore;

beforeAll(async () => {
  test = await TestStore.start();
});

afterAll(() => test.stop());

beforeEach(() => test.empty());

const callbacks = () => test.database.callback.findMany({ orderBy: { seq: 'asc' } });

/** What ends a running task, by the change that the table of transitions has for it. */
const ENDS: Partial<Record<TaskChange, (claim: Claim) => Promise<unknown>>> = {
  complete: (claim) => test.store.claims.complete(claim, { media: ['video_1.mp4'] }, 5_000_000_000),
  fail: (claim) => test.store.claims.fail(claim, ERROR),
  cancel: (claim) => test.store.tasks.cancel(claim.taskId),
  expire: () => test.store.upkeep.endOverdue('video', { queueMs: -1_000, runMs: -1_000 }, { queue: ERROR, run: ERROR }),
};

const ENDING_CHANGES = Object.entries(TRANSITIONS).flatMap(([change, transition]) => {
  const to: TaskState | undefined = 'to' in transition ? transition.to : undefined;
  return to !== undefined && hasEnded(to) ? [{ change: change as TaskChange, to }] : [];
});

describe('an end', () => {
  it('is each of the changes that lead to one', () => {
    expect(ENDING_CHANGES.map(({ change }) => change).sort()).toEqual(Object.keys(ENDS).sort());
    expect(new Set(ENDING_CHANGES.map(({ to }) => to))).toEqual(new Set(END_STATES));
  });

  it.each(ENDING_CHANGES)('writes what is to be told of it, as GET would answer: $change', async ({ change, to }) => {
    const claim = await test.running({ callbackUrl: URL_TO_TELL, owner: 'key-1' });
    await ENDS[change]?.(claim);
    const task = await test.store.tasks.get(claim.taskId);
    if (!task) throw new Error('the task is gone');
    const [callback, ...others] = await callbacks();
    expect(others).toEqual([]);
    expect(callback).toMatchObject({
      id: callbackId(task.id),
      taskId: task.id,
      kind: 'video',
      owner: 'key-1',
      url: URL_TO_TELL,
      host: 'example.com',
      state: 'pending',
      attempts: 0,
      attemptLog: [],
      endedAt: task.endedAt,
      nextAttemptAt: task.endedAt,
    });
    const payload: unknown = JSON.parse(callback?.payload ?? '');
    expect(payload).toEqual(callbackPayload(task));
    expect(payload).toMatchObject({ type: `video.task.${to}`, task_id: task.id, status: to, prompt: '一只猫 🐈' });
  });

  it.each(ENDING_CHANGES)('tells nobody where nobody is named: $change', async ({ change }) => {
    const claim = await test.running();
    await ENDS[change]?.(claim);
    expect(hasEnded((await test.row(claim.taskId)).state as TaskState)).toBe(true);
    expect(await callbacks()).toEqual([]);
  });

  it.each(ENDING_CHANGES)('that happens a second time tells nothing more: $change', async ({ change }) => {
    const claim = await test.running({ callbackUrl: URL_TO_TELL });
    await test.store.tasks.cancel(claim.taskId);
    // Some ends find nothing to do, others that the claim is lost.
    const again = await Promise.allSettled([ENDS[change]?.(claim)]);
    for (const each of again) if (each.status === 'rejected') expect(each.reason).toBeInstanceOf(ClaimLostError);
    expect(await callbacks()).toMatchObject([{ state: 'pending', payload: expect.stringContaining('cancelled') }]);
  });

  it.each(ENDING_CHANGES)('is not written when what is to be told cannot be: $change', async ({ change }) => {
    const claim = await test.running({ callbackUrl: URL_TO_TELL });
    const before = await test.row(claim.taskId);
    await test.database.$executeRaw`ALTER TABLE callbacks ADD CONSTRAINT no_more CHECK (false)`;
    try {
      await expect(ENDS[change]?.(claim)).rejects.toThrow('no_more');
    } finally {
      await test.database.$executeRaw`ALTER TABLE callbacks DROP CONSTRAINT no_more`;
    }
    expect(await test.row(claim.taskId)).toEqual(before);
    await ENDS[change]?.(claim);
    expect(await callbacks()).toHaveLength(1);
  });

  it('of an image task tells where its images are, also when they were wanted in base64', async () => {
    const work = {
      kind: 'image',
      params: { n: 2, aspect_ratio: '1:1', response_format: 'b64_json' },
    } as const;
    const { claims, queue } = test.store;
    const task = newTask({ ...work, callbackUrl: URL_TO_TELL });
    await test.store.tasks.create(task);
    const claimant = { kind: 'image', worker: 'image-1', token: crypto.randomUUID(), ttlMs: 60_000 } as const;
    await queue.claimFresh(claimant, { upstreamModels: [task.upstreamModel], ownerMaxRunning: 0, takeOver: true });
    const claim = { taskId: task.id, token: claimant.token };
    await claims.begin(claim, 'cred_1');
    await claims.complete(claim, { media: ['image_1.png', 'image_2.png'] }, undefined);
    const images = ['http://localhost:8000/v1/files/image_1.png', 'http://localhost:8000/v1/files/image_2.png'];
    const [callback] = await callbacks();
    expect(JSON.parse(callback?.payload ?? '')).toMatchObject({
      type: 'image.task.completed',
      images,
      message: '图片生成完成',
      data: { result: { images } },
    });
  });

  it.each([
    ['nonsense', ''],
    [`https://${'a'.repeat(10_000)}.com/`, 'a'.repeat(260)],
  ])('is written although the address is none: %.20s', async (callbackUrl, host) => {
    const claim = await test.running({ callbackUrl });
    await test.store.claims.fail(claim, ERROR);
    expect(await callbacks()).toMatchObject([{ url: callbackUrl, host }]);
  });
});

describe('a bulk delete', () => {
  async function deleteAll(): Promise<number> {
    let count = 0;
    for await (const batch of test.store.tasks.delete('video', 'me', 'all')) count += batch.length;
    return count;
  }

  it('tells that open tasks are cancelled, and nothing of those that had ended', async () => {
    const completed = await test.completed({ callbackUrl: URL_TO_TELL });
    const open = [await test.create({ callbackUrl: URL_TO_TELL }), await test.create({ callbackUrl: URL_TO_TELL })];
    await test.create();
    await test.database.callback.deleteMany();
    expect(await deleteAll()).toBe(4);
    expect((await callbacks()).map(({ taskId }) => taskId).sort()).toEqual([...open].sort());
    for (const { payload } of await callbacks()) {
      expect(JSON.parse(payload)).toMatchObject({ type: 'video.task.cancelled', status: 'cancelled' });
    }
    expect(await test.row(completed)).toMatchObject({ state: 'completed' });
  });

  it('and the removal of the rows leave what is to be told', async () => {
    await test.completed({ callbackUrl: URL_TO_TELL });
    const before = await callbacks();
    await deleteAll();
    expect(await test.store.upkeep.removeOld(3_600_000)).toMatchObject({ removed: 1 });
    expect(await callbacks()).toEqual(before);
  });

  it('tells of every task, over several batches', async () => {
    await test.database.$executeRaw`
      INSERT INTO tasks (id, kind, owner, model, upstream_model, prompt, params, origin, callback_url)
      SELECT 'task_' || md5(n::text), 'video', 'me', 'm', 'm', 'p',
        '{"aspect_ratio":"3:2","video_length":6,"resolution":"480p","preset":"normal"}', 'http://o', ${URL_TO_TELL}
      FROM generate_series(1, 1200) AS n`;
    expect(await deleteAll()).toBe(1200);
    expect(await test.database.callback.count()).toBe(1200);
  });
});
