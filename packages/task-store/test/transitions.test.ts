import { randomUUID } from 'node:crypto';
import type { TaskState } from '@grok2api/contracts';
import { TASK_STATES } from '@grok2api/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Claim, ClaimLostError, type TaskChange, TRANSITIONS } from '../src/index.js';
import { ANY, IMAGE, LONG_MS, newClaimant, TestStore } from './test-store.js';

let test: TestStore;

beforeAll(async () => {
  test = await TestStore.start();
});

afterAll(() => test.stop());

beforeEach(() => test.empty());

type Row = Awaited<ReturnType<TestStore['row']>>;

const CLAIM_COLUMNS = ['claimToken', 'claimWorker', 'claimExpiresAt'] as const;
const NO_CLAIM = { claimToken: null, claimWorker: null, claimExpiresAt: null };
/** What readers of a task see; a change of it needs a new version. */
const VISIBLE_COLUMNS = ['state', 'progress', 'result', 'errorCode', 'errorMessage'] as const;

/** Causes each change, and says which columns it may touch and how they are to be afterwards. */
const CHANGES: Record<
  TaskChange,
  { cause: (claim: Claim) => Promise<unknown>; columns: readonly (keyof Row)[]; after: Partial<Row> }
> = {
  claim: {
    cause: async () => {
      await test.store.queue.claimBegun({ ...newClaimant(), worker: 'worker-2' }, true);
      await test.store.queue.claimFresh({ ...newClaimant(), worker: 'worker-2' }, ANY);
    },
    columns: [...CLAIM_COLUMNS, 'attempts'],
    after: { claimWorker: 'worker-2' },
  },
  renew: {
    cause: (claim) => test.store.claims.renew(claim, 2 * LONG_MS),
    columns: ['claimExpiresAt'],
    after: {},
  },
  handBack: { cause: (claim) => test.store.claims.handBack(claim), columns: CLAIM_COLUMNS, after: NO_CLAIM },
  intend: {
    cause: (claim) => test.store.claims.intend(claim, 'cred_2'),
    columns: ['submitIntentAt', 'credentialId'],
    after: { credentialId: 'cred_2' },
  },
  begin: {
    cause: (claim) => test.store.claims.begin(claim, 'cred_2'),
    columns: ['state', 'submitIntentAt', 'credentialId', 'startedAt', 'version'],
    after: { state: 'running', credentialId: 'cred_2', upstreamJobId: null, startedAt: expect.any(Date) },
  },
  retract: {
    cause: (claim) => test.store.claims.retract(claim),
    columns: ['submitIntentAt', 'credentialId'],
    after: { credentialId: null },
  },
  submit: {
    cause: (claim) => test.store.claims.submit(claim, 'job_2'),
    columns: ['state', 'startedAt', 'upstreamJobId', 'version'],
    after: { state: 'running', upstreamJobId: 'job_2', startedAt: expect.any(Date) },
  },
  advance: {
    cause: (claim) => test.store.claims.advance(claim, 50, 2 * LONG_MS),
    columns: ['progress', 'version', 'claimExpiresAt'],
    after: { progress: 50 },
  },
  complete: {
    cause: (claim) => test.store.claims.complete(claim, { media: ['a.mp4', 'b.mp4'] }, 5_000_000_000),
    columns: ['state', 'endedAt', 'version', 'progress', 'result', 'costUsdTicks', ...CLAIM_COLUMNS],
    after: {
      state: 'completed',
      progress: 100,
      result: { media: ['a.mp4', 'b.mp4'] },
      costUsdTicks: 5_000_000_000n,
      endedAt: expect.any(Date),
      ...NO_CLAIM,
    },
  },
  fail: {
    cause: (claim) => test.store.claims.fail(claim, { code: 'upstream_error', message: '失败' }),
    columns: ['state', 'endedAt', 'version', 'errorCode', 'errorMessage', ...CLAIM_COLUMNS],
    after: {
      state: 'failed',
      errorCode: 'upstream_error',
      errorMessage: '失败',
      endedAt: expect.any(Date),
      ...NO_CLAIM,
    },
  },
  cancel: {
    cause: (claim) => test.store.tasks.cancel(claim.taskId),
    columns: ['state', 'endedAt', 'version', ...CLAIM_COLUMNS],
    after: { state: 'cancelled', endedAt: expect.any(Date), ...NO_CLAIM },
  },
  expire: {
    cause: () => {
      const error = { code: 'late', message: 'too late' };
      return test.store.upkeep.endOverdue('video', { queueMs: -1_000, runMs: -1_000 }, { queue: error, run: error });
    },
    columns: ['state', 'endedAt', 'version', 'errorCode', 'errorMessage', ...CLAIM_COLUMNS],
    after: { state: 'failed', errorCode: 'late', errorMessage: 'too late', endedAt: expect.any(Date), ...NO_CLAIM },
  },
};

/** Changes of a task that never has a job. */
const JOBLESS: readonly TaskChange[] = ['begin', 'retract'];

/** Makes a task in a state with a submit intent, and the claim that brought it there. */
async function taskIn(state: TaskState, hasJob: boolean): Promise<Claim> {
  const { claims, tasks } = test.store;
  const id = await test.create();
  const claim = await test.claimFresh();
  if (!claim) throw new Error('nothing was claimed');
  await claims.intend(claim, 'cred_1');
  if (state === 'pending') return claim;
  if (hasJob) await claims.submit(claim, 'job_1');
  else await claims.begin(claim, 'cred_1');
  await claims.advance(claim, 30, LONG_MS);
  if (state === 'completed') await claims.complete(claim, { media: ['first.mp4'] }, undefined);
  if (state === 'failed') await claims.fail(claim, { code: 'first', message: 'first' });
  if (state === 'cancelled') await tasks.cancel(id);
  return claim;
}

/** Whose claim it is that a change names. */
const HOLDERS = {
  'the right token': async (claim: Claim) => claim,
  'a foreign token': async (claim: Claim) => ({ ...claim, token: randomUUID() }),
  'a token that was given back': async (claim: Claim, open: boolean) => {
    if (open) await test.store.claims.handBack(claim);
    return claim;
  },
  'a token that was taken over': async (claim: Claim, open: boolean) => {
    await test.lapse(claim.taskId);
    if (open) expect(await test.claimBegun()).toBeDefined();
    return claim;
  },
} as const;

const CASES = Object.entries(TRANSITIONS).flatMap(([change, transition]) =>
  TASK_STATES.flatMap((state) =>
    Object.keys(HOLDERS).map((holder) => {
      const from: readonly TaskState[] = transition.from;
      const free = holder === 'a token that was given back';
      let happens = from.includes(state);
      if (transition.fenced) happens &&= holder === 'the right token';
      if (change === 'claim') happens &&= free;
      return {
        change: change as TaskChange,
        state,
        holder: holder as keyof typeof HOLDERS,
        happens,
        fenced: transition.fenced,
        to: 'to' in transition ? transition.to : undefined,
      };
    }),
  ),
);

describe('a change of a task', () => {
  it('is tried in every state with every claim', () => {
    expect(CASES).toHaveLength(12 * 5 * 4);
    expect(CASES.filter(({ happens }) => happens).length).toBeGreaterThan(20);
  });

  it.each(CASES)('$change, $state, $holder: $happens', async ({ change, state, holder, happens, fenced, to }) => {
    const claim = await HOLDERS[holder](
      await taskIn(state, !JOBLESS.includes(change)),
      state === 'pending' || state === 'running',
    );
    const before = await test.row(claim.taskId);
    const { cause, columns, after: expected } = CHANGES[change];
    const caused = cause(claim);
    if (fenced && !happens) await expect(caused).rejects.toBeInstanceOf(ClaimLostError);
    else await caused;
    const after = await test.row(claim.taskId);
    if (!happens) {
      expect(after).toEqual(before);
      return;
    }
    const names = Object.keys(before) as (keyof Row)[];
    const same = (name: keyof Row) => JSON.stringify([before[name]], text) === JSON.stringify([after[name]], text);
    const changed = names.filter((name) => !same(name));
    expect(columns).toEqual(expect.arrayContaining(changed));
    expect(after).toMatchObject(expected);
    expect(after.state).toBe(to ?? before.state);
    expect(after.version - before.version).toBe(VISIBLE_COLUMNS.some((name) => !same(name)) ? 1 : 0);
    if (change === 'renew' || change === 'advance') {
      expect(Number(after.claimExpiresAt) - Number(before.claimExpiresAt)).toBeGreaterThan(LONG_MS / 2);
    }
  });
});

describe('a task that the upstream is to make at once', () => {
  it('runs on when the upstream refuses it, for whoever takes it up', async () => {
    const id = await test.create(IMAGE);
    const claimant = { ...newClaimant(), kind: 'image' as const };
    await test.store.queue.claimFresh(claimant, ANY);
    const claim = { taskId: id, token: claimant.token };
    const first = await test.store.claims.begin(claim, 'cred_1');
    const refused = await test.store.claims.retract(claim);
    expect(refused).toMatchObject({ state: 'running', credentialId: undefined, submitIntentAt: first.submitIntentAt });
    await test.store.claims.handBack(claim);
    const next = { ...newClaimant(), kind: 'image' as const };
    expect(await test.store.queue.claimFresh(next, ANY)).toBeUndefined();
    expect(await test.store.queue.claimBegun(next, true)).toMatchObject({ id, credentialId: undefined });
    const again = await test.store.claims.begin({ taskId: id, token: next.token }, 'cred_2');
    expect(again).toMatchObject({ credentialId: 'cred_2', startedAt: first.startedAt, version: first.version });
  });

  it('waits for a worker as before when it was refused before it ran', async () => {
    const id = await test.create();
    const claim = await test.claimFresh();
    if (!claim) throw new Error('nothing was claimed');
    await test.store.claims.intend(claim, 'cred_1');
    expect(await test.store.claims.retract(claim)).toMatchObject({ state: 'pending', submitIntentAt: undefined });
    await test.store.claims.handBack(claim);
    expect((await test.claimFresh())?.taskId).toBe(id);
  });
});

describe('progress', () => {
  it('never falls, and makes a new version only when it rises', async () => {
    const claim = await test.running();
    const { version } = await test.row(claim.taskId);
    const seen: [number, number][] = [];
    for (const progress of [10, 5, 10, 0, 11, 100, 99]) {
      const task = await test.store.claims.advance(claim, progress, LONG_MS);
      seen.push([task.progress, task.version - version]);
    }
    expect(seen).toEqual([
      [10, 1],
      [10, 1],
      [10, 1],
      [10, 1],
      [11, 2],
      [100, 3],
      [100, 3],
    ]);
  });
});

function text(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
