import { TASK_STATES, type TaskState } from '@grok2api/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type DeleteSelection, type ListOptions, type Task, toTaskEvent } from '../src/index.js';
import { IMAGE, newTask, TestStore, VIDEO_PARAMS } from './test-store.js';

let test: TestStore;

beforeAll(async () => {
  test = await TestStore.start();
});

afterAll(() => test.stop());

beforeEach(() => test.empty());

/** Makes many tasks at once, with ids `PREFIX_1`, `PREFIX_2` … in their order. */
async function createMany(count: number, { owner = 'me', kind = 'video', prefix = 'many' } = {}): Promise<void> {
  await test.database.$executeRaw`
    INSERT INTO tasks (id, kind, owner, model, upstream_model, prompt, params, origin)
    SELECT ${prefix} || '_' || n, ${kind}, ${owner}, 'm', 'm', 'p', ${JSON.stringify(VIDEO_PARAMS)}::jsonb, 'o'
    FROM generate_series(1, ${count}::int) AS n ORDER BY n`;
}

/** Makes a task that has this state. */
async function createIn(state: TaskState, task: Parameters<TestStore['create']>[0] = {}): Promise<string> {
  if (state === 'pending') return test.create(task);
  if (state === 'completed') return test.completed(task);
  const claim = await test.running(task);
  if (state === 'failed') await test.store.claims.fail(claim, { code: 'code', message: 'message' });
  if (state === 'cancelled') await test.store.tasks.cancel(claim.taskId);
  return claim.taskId;
}

async function deleted(selection: DeleteSelection, owner = 'me'): Promise<Task[]> {
  const tasks = [];
  for await (const batch of test.store.tasks.delete('video', owner, selection)) tasks.push(...batch);
  return tasks;
}

describe('create and get', () => {
  it('accept a task as it is', async () => {
    const task = newTask({ prompt: 'a "cat"\n🐈', params: { ...VIDEO_PARAMS, image: { url: 'https://x/y.png' } } });
    await test.store.tasks.create(task);
    expect(await test.store.tasks.get(task.id)).toEqual({
      ...task,
      seq: expect.any(BigInt),
      state: 'pending',
      version: 1,
      progress: 0,
      createdAt: expect.any(Date),
      startedAt: undefined,
      endedAt: undefined,
      submitIntentAt: undefined,
      credentialId: undefined,
      upstreamJobId: undefined,
      attempts: 0,
      claimLosses: 0,
      result: undefined,
      error: undefined,
      costUsdTicks: undefined,
    });
  });

  it('change nothing when it is done again under the same id', async () => {
    const task = newTask();
    await test.store.tasks.create(task);
    const claim = await test.claimFresh();
    const before = await test.row(task.id);
    await test.store.tasks.create(task);
    await test.store.tasks.create({ ...task, prompt: 'another', owner: 'another' });
    expect(await test.row(task.id)).toEqual(before);
    expect(await test.database.task.count()).toBe(1);
    expect(claim?.taskId).toBe(task.id);
  });

  it('make one task of twenty creates at once', async () => {
    const task = newTask();
    await Promise.all(Array.from({ length: 20 }, () => test.store.tasks.create(task)));
    expect(await test.database.task.count()).toBe(1);
  });

  it('write many that come at once, each as it is', async () => {
    const tasks = Array.from({ length: 500 }, (_, n) => newTask({ prompt: `cat ${n}`, owner: `owner ${n % 7}` }));
    await Promise.all(tasks.map((task) => test.store.tasks.create(task)));
    const rows = await test.database.task.findMany({ select: { id: true, prompt: true, owner: true } });
    const expected = tasks.map(({ id, prompt, owner }) => ({ id, prompt, owner }));
    expect(new Set(rows.map((row) => JSON.stringify(row)))).toEqual(
      new Set(expected.map((row) => JSON.stringify(row))),
    );
    expect(rows).toHaveLength(tasks.length);
  });

  it('refuse alone the one that Postgres does not take', async () => {
    const tasks = ['a', 'nul \0', 'b'].map((prompt) => newTask({ prompt }));
    const written = await Promise.allSettled(tasks.map((task) => test.store.tasks.create(task)));
    expect(written.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    const rows = await test.database.task.findMany();
    expect(rows.map(({ prompt }) => prompt).sort()).toEqual(['a', 'b']);
  });

  it('know no task that is not there', async () => {
    expect(await test.store.tasks.get('task_unknown')).toBeUndefined();
  });

  it('read several at once, without those that are deleted or not there', async () => {
    const [first, second, third] = [await test.completed(), await test.create(), await test.create()];
    await deleted({ ids: [third] });
    const tasks = await test.store.tasks.getMany([first, second, third, 'task_unknown', first]);
    expect(tasks.map(({ id }) => id).sort()).toEqual([first, second].sort());
    expect(await test.store.tasks.getMany([])).toEqual([]);
  });
});

describe('toTaskEvent', () => {
  it('tells what readers may know, and no more', async () => {
    const completed = await test.store.tasks.get(await test.completed({}, ['a.mp4']));
    const failed = await test.store.tasks.get(await createIn('failed'));
    if (!completed || !failed) throw new Error('a task is missing');
    expect(toTaskEvent(completed)).toEqual({
      id: completed.id,
      version: 3,
      state: 'completed',
      progress: 100,
      result: { media: ['a.mp4'] },
    });
    expect(toTaskEvent(failed)).toEqual({
      id: failed.id,
      version: 3,
      state: 'failed',
      progress: 0,
      error: { code: 'code', message: 'message' },
    });
  });
});

describe('list', () => {
  const list = (options: Partial<ListOptions> = {}) =>
    test.store.tasks.list({ kind: 'video', owner: 'me', limit: 100, ...options });

  it("shows the owner's tasks of the kind alone, newest first", async () => {
    const ids = [await test.create(), await test.create(), await test.create()];
    await test.create({ owner: 'you' });
    await test.create(IMAGE);
    const page = await list();
    expect(page.tasks.map(({ id }) => id)).toEqual(ids.toReversed());
    expect(page).toMatchObject({ total: 3, totalIsCapped: false, next: undefined });
    expect(await list({ owner: 'nobody' })).toMatchObject({ tasks: [], total: 0, next: undefined });
  });

  it.each([1, 3, 10, 11])('gives each task once in pages of %i, also when tasks are added meanwhile', async (limit) => {
    await createMany(10);
    const seen: string[] = [];
    let before: bigint | undefined;
    do {
      const page = await list({ limit, before });
      expect(page.tasks.length).toBeLessThanOrEqual(limit);
      seen.push(...page.tasks.map(({ id }) => id));
      before = page.next;
      await test.create();
    } while (before !== undefined);
    expect(seen).toEqual(Array.from({ length: 10 }, (_, n) => `many_${10 - n}`));
  });

  it('shows tasks of one state', async () => {
    const ids: Partial<Record<TaskState, string>> = {};
    for (const state of TASK_STATES.toReversed()) ids[state] = await createIn(state);
    for (const state of TASK_STATES) {
      const page = await list({ state });
      expect(page.tasks.map(({ id }) => id)).toEqual([ids[state]]);
      expect(page.total).toBe(1);
    }
    expect((await list()).total).toBe(5);
  });

  it('shows no deleted task', async () => {
    const completed = await test.completed();
    const left = await test.create();
    await deleted({ ids: [completed] });
    expect(await list()).toMatchObject({ tasks: [{ id: left }], total: 1 });
  });

  it('counts up to ten thousand', async () => {
    await createMany(10_000);
    expect(await list({ limit: 1 })).toMatchObject({ total: 10_000, totalIsCapped: false });
    await test.create();
    expect(await list({ limit: 1 })).toMatchObject({ total: 10_000, totalIsCapped: true });
  });
});

describe('delete', () => {
  it.each<[string, (ids: Record<TaskState, string>) => DeleteSelection, TaskState[]]>([
    ['ids', ({ running, failed }) => ({ ids: [running, failed, 'task_unknown'] }), ['running', 'failed']],
    ['a state', () => ({ state: 'completed' }), ['completed']],
    ['an open state', () => ({ state: 'pending' }), ['pending']],
    ['all', () => 'all', [...TASK_STATES]],
    ['no id', () => ({ ids: [] }), []],
  ])('of %s hides just those, and cancels the open ones', async (_what, selectionOf, chosen) => {
    const ids = {} as Record<TaskState, string>;
    for (const state of TASK_STATES.toReversed()) ids[state] = await createIn(state);
    const others = [await test.create({ owner: 'you' }), await test.create(IMAGE)];
    const before = await test.database.task.findMany({ orderBy: { seq: 'asc' } });

    const written = await deleted(selectionOf(ids));

    expect(written.map(({ id }) => id).sort()).toEqual(chosen.map((state) => ids[state]).sort());
    for (const row of before) {
      const after = await test.row(row.id);
      const state = TASK_STATES.find((each) => ids[each] === row.id);
      if (!state || !chosen.includes(state)) {
        expect(after).toEqual(row);
        continue;
      }
      const end = state === 'pending' || state === 'running' ? 'cancelled' : state;
      expect(after).toMatchObject({
        state: end,
        version: row.version + 1,
        deletedAt: expect.any(Date),
        claimToken: null,
      });
      if (row.endedAt) expect(after.endedAt).toEqual(row.endedAt);
      expect(written).toContainEqual(expect.objectContaining({ id: row.id, state: end, version: row.version + 1 }));
      expect(await test.store.tasks.get(row.id)).toBeUndefined();
    }
    expect(await deleted(selectionOf(ids))).toEqual([]);
    expect(await test.store.tasks.getMany(others)).toHaveLength(2);
  });

  it("hides an owner's tasks by id only for that owner", async () => {
    const id = await test.create();
    expect(await deleted({ ids: [id] }, 'you')).toEqual([]);
    expect(await test.store.tasks.get(id)).toBeDefined();
  });

  it('takes more than a batch, in batches', async () => {
    await createMany(1_203);
    await createMany(3, { owner: 'you', prefix: 'yours' });
    const sizes = [];
    for await (const batch of test.store.tasks.delete('video', 'me', 'all')) sizes.push(batch.length);
    expect(sizes).toEqual([500, 500, 203]);
    expect(await test.database.task.count({ where: { deletedAt: null } })).toBe(3);
  });

  it('goes on when a task of the batch leaves the state meanwhile', async () => {
    await createMany(700);
    // A worker's write to one of them is not committed yet, and the delete waits for it.
    const session = await holdRow('many_10', "state = 'running'");
    const removal = deleted({ state: 'pending' });
    await untilBlocked();
    await session.commit();
    expect(await removal).toHaveLength(699);
    expect(await test.store.tasks.get('many_10')).toMatchObject({ state: 'running' });
  });
});

describe('cancel', () => {
  it('knows no task that is deleted or not there', async () => {
    const id = await test.create();
    await deleted({ ids: [id] });
    expect(await test.store.tasks.cancel(id)).toBeUndefined();
    expect(await test.store.tasks.cancel('task_unknown')).toBeUndefined();
  });
});

describe('countByState', () => {
  it('counts each kind and state, without deleted ones', async () => {
    await createMany(7);
    await createMany(2, { kind: 'image', prefix: 'image' });
    await createMany(3, { prefix: 'deleted', owner: 'gone' });
    await deleted('all', 'gone');
    await test.completed();
    const counts = await test.store.tasks.countByState();
    expect(counts.toSorted((a, b) => b.count - a.count)).toEqual([
      { kind: 'video', state: 'pending', count: 7 },
      { kind: 'image', state: 'pending', count: 2 },
      { kind: 'video', state: 'completed', count: 1 },
    ]);
  });
});

/** Changes a row in a transaction that stays open until `commit`. */
async function holdRow(id: string, change: string): Promise<{ commit: () => Promise<void> }> {
  let commit = () => {};
  const committed = new Promise<void>((resolve) => {
    commit = resolve;
  });
  let over: Promise<unknown> = Promise.resolve();
  await new Promise<void>((changed, failed) => {
    over = test.database
      .$transaction(
        async (session) => {
          await session.$executeRawUnsafe(`UPDATE tasks SET ${change} WHERE id = '${id}'`);
          changed();
          await committed;
        },
        { timeout: 20_000 },
      )
      .catch(failed);
  });
  return {
    commit: async () => {
      commit();
      await over;
    },
  };
}

/** Resolves when a statement waits for a row that another transaction changed. */
async function untilBlocked(): Promise<void> {
  for (let blocked = 0; blocked === 0; ) {
    const [found] = await test.database.$queryRaw<{ blocked: number }[]>`
      SELECT count(*)::int AS blocked FROM pg_stat_activity WHERE wait_event_type = 'Lock'`;
    blocked = found?.blocked ?? 0;
  }
}
