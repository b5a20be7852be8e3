import { hasEnded, TASK_STATES, type TaskState } from '@grok2api/contracts';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Claim, ClaimLostError, type TaskChange, TRANSITIONS } from '../src/index.js';
import { ANY, LONG_MS, newClaimant, TestStore } from './test-store.js';

let test: TestStore;

beforeAll(async () => {
  test = await TestStore.start();
});

afterAll(() => test.stop());

const WORKERS = [0, 1, 2] as const;

/** What happens to the task: a change by a worker (or by nobody in particular), or its claim runs out. */
interface Step {
  change: TaskChange | 'lapse';
  worker: number;
  progress: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  change: fc.constantFrom(
    // Most often what brings a task on, so that many runs reach its end.
    ...(['claim', 'claim', 'claim', 'intend', 'intend', 'submit', 'submit', 'advance', 'advance'] as const),
    ...(Object.keys(TRANSITIONS) as TaskChange[]).filter((change) => change !== 'expire' && change !== 'cancel'),
    ...(['expire', 'cancel', 'lapse', 'lapse'] as const),
  ),
  worker: fc.constantFrom(...WORKERS),
  progress: fc.integer({ min: 0, max: 100 }),
});

/** A task as the table of transitions alone would have it. */
interface Model {
  state: TaskState;
  version: number;
  progress: number;
  /** The worker that holds the claim, if any, and whether its time is over. */
  holder: number | undefined;
  lapsed: boolean;
  intent: boolean;
  job: boolean;
}

/** What the table says of a step: the task afterwards, and whether the step happened. */
function predict(model: Model, { change, worker, progress }: Step): { after: Model; happens: boolean } {
  if (change === 'lapse') return { after: { ...model, lapsed: model.holder !== undefined }, happens: true };
  const transition: { from: readonly TaskState[]; to?: TaskState; fenced: boolean } = TRANSITIONS[change];
  const free = model.holder === undefined || model.lapsed;
  const happens =
    transition.from.includes(model.state) &&
    (!transition.fenced || model.holder === worker) &&
    (change !== 'claim' || free);
  if (!happens) return { after: model, happens };
  const after = { ...model, state: transition.to ?? model.state };
  if (change === 'claim') Object.assign(after, { holder: worker, lapsed: false });
  if (change === 'renew' || change === 'advance') after.lapsed = false;
  if (change === 'intend' || change === 'begin') after.intent = true;
  if (change === 'retract') after.intent = model.state === 'running';
  if (change === 'submit') after.job = true;
  if (change === 'advance') after.progress = Math.max(model.progress, progress);
  if (change === 'complete') after.progress = 100;
  if (change === 'handBack' || hasEnded(after.state)) Object.assign(after, { holder: undefined, lapsed: false });
  const seen = after.state !== model.state || after.progress !== model.progress;
  return { after: { ...after, version: model.version + (seen ? 1 : 0) }, happens };
}

/** What a worker would do instead of what none does. */
function possible(change: Step['change'], { intent, job }: Model): Step['change'] {
  // A job without a credential: the intent is written first.
  if (change === 'submit' && !intent) return 'intend';
  // What has a job is not asked for again.
  return job && (change === 'begin' || change === 'retract') ? 'advance' : change;
}

/** Takes a step; resolves to whether it happened. Tokens are the workers' claims so far. */
async function take(id: string, claims: Claim[], { change, worker, progress }: Step): Promise<boolean> {
  const { store } = test;
  const claim = claims[worker] ?? { taskId: id, token: newClaimant().token };
  const fenced = (write: Promise<unknown>) =>
    write.then(
      () => true,
      (err: unknown) => {
        if (err instanceof ClaimLostError) return false;
        throw err;
      },
    );
  switch (change) {
    case 'lapse':
      await test.lapse(id);
      return true;
    case 'claim': {
      const claimant = newClaimant();
      const task = (await store.queue.claimBegun(claimant, true)) ?? (await store.queue.claimFresh(claimant, ANY));
      if (task) claims[worker] = { taskId: id, token: claimant.token };
      return task !== undefined;
    }
    case 'renew':
      return fenced(store.claims.renew(claim, LONG_MS));
    case 'handBack':
      return fenced(store.claims.handBack(claim));
    case 'intend':
      return fenced(store.claims.intend(claim, `cred_${worker}`));
    case 'begin':
      return fenced(store.claims.begin(claim, `cred_${worker}`));
    case 'retract':
      return fenced(store.claims.retract(claim));
    case 'submit':
      return fenced(store.claims.submit(claim, `job_${worker}`));
    case 'advance':
      return fenced(store.claims.advance(claim, progress, LONG_MS));
    case 'complete':
      return fenced(store.claims.complete(claim, { media: ['video.mp4'] }, 1));
    case 'fail':
      return fenced(store.claims.fail(claim, { code: 'code', message: 'message' }));
    case 'cancel':
      return (await store.tasks.cancel(id)) !== undefined;
    case 'expire': {
      const error = { code: 'late', message: 'late' };
      const late = await store.upkeep.endOverdue(
        'video',
        { queueMs: -1_000, runMs: -1_000 },
        { queue: error, run: error },
      );
      return late.length > 0;
    }
  }
}

describe('any sequence of events', () => {
  it('leads a task where the table of transitions says, forward only', async () => {
    let ended = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
        await test.empty();
        const id = await test.create();
        const claims: Claim[] = [];
        let model: Model = {
          state: 'pending',
          version: 1,
          progress: 0,
          holder: undefined,
          lapsed: false,
          intent: false,
          job: false,
        };
        let before = await test.row(id);
        for (const wanted of steps) {
          const next = { ...wanted, change: possible(wanted.change, model) };
          const { after, happens } = predict(model, next);
          expect(await take(id, claims, next), JSON.stringify({ model, next })).toBe(happens);
          const row = await test.row(id);
          const holder = WORKERS.find((worker) => row.claimToken !== null && claims[worker]?.token === row.claimToken);
          const facts = { holder, intent: row.submitIntentAt !== null, job: row.upstreamJobId !== null };
          expect({ ...after, ...row, ...facts }).toMatchObject(after);

          // Whatever the table says:
          expect(TASK_STATES.indexOf(row.state as TaskState)).toBeGreaterThanOrEqual(
            TASK_STATES.indexOf(before.state as TaskState),
          );
          if (hasEnded(before.state as TaskState)) expect(row).toEqual(before);
          expect(row.progress).toBeGreaterThanOrEqual(before.progress);
          expect(row.version).toBeGreaterThanOrEqual(before.version);
          if (before.upstreamJobId !== null) expect(row.upstreamJobId).toBe(before.upstreamJobId);
          if (before.startedAt !== null) expect(row.startedAt).toEqual(before.startedAt);
          before = row;
          model = after;
        }
        if (hasEnded(model.state)) ended++;
      }),
      { numRuns: 40 },
    );
    // The steps are chosen so that many of the tasks come to an end.
    expect(ended).toBeGreaterThan(5);
  }, 60_000);
});
