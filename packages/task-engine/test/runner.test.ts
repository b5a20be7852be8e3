import type { Queue } from '@grok2api/task-store';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ClaimedTask, SlotGrant } from '../src/index.js';
import { aborted, gate, TestEngine, until, workQuickly } from './test-engine.js';

let engine: TestEngine;

beforeAll(async () => {
  engine = await TestEngine.start();
});

afterAll(() => engine.stop());

afterEach(() => engine.empty());

describe('a runner', () => {
  it('is woken, and finds tasks also when their wake-ups were lost', async () => {
    await engine.startWorker({ work: workQuickly });
    await engine.ended(await engine.create());
    const created = performance.now();
    await engine.ended(await engine.create());
    // An idle slot looks by itself after four seconds at the earliest.
    expect(performance.now() - created).toBeLessThan(3_000);
    await until(async () => (await engine.bus.wakeUps.waiting('video')) === 0);
    await engine.ended(await engine.create(1, { wakeUps: false }));
  });

  it('works on every task once, on as many at a time as it has slots', async () => {
    let running = 0;
    let most = 0;
    const begun: string[] = [];
    const full = gate();
    const worker = await engine.startWorker({
      slots: 3,
      work: async (claimed, grant) => {
        begun.push(claimed.task.id);
        most = Math.max(most, ++running);
        expect(worker.runner.busy).toBe(running);
        if (running === 3) full.open();
        await full.opened;
        await workQuickly(claimed, grant);
        running--;
      },
    });
    const ids = await engine.create(10);
    const tasks = await engine.ended(ids);
    expect(tasks.map(({ state }) => state)).toEqual(Array(10).fill('completed'));
    expect(begun.sort()).toEqual(ids.sort());
    expect(most).toBe(3);
    await until(() => worker.runner.busy === 0);
    expect(engine.grants).toBe(0);
  });

  it('looks for tasks no more often for many idle slots than for one', async () => {
    const looks = vi.spyOn(Object.getPrototypeOf(engine.store.queue) as Queue, 'anyClaimable');
    try {
      await engine.startWorker({ slots: 100, work: workQuickly });
      await engine.ended(await engine.create(5));
      // Before and after each task, and while nothing is there.
      expect(looks.mock.calls.length).toBeGreaterThan(5);
      expect(looks.mock.calls.length).toBeLessThan(30);
    } finally {
      looks.mockRestore();
    }
  });

  it('asks for a grant in one slot only while there is none, and has all slots work afterwards', async () => {
    const asked: number[] = [];
    const full = gate();
    let running = 0;
    await engine.startWorker({
      slots: 10,
      noGrantForMs: () => {
        asked.push(performance.now());
        return asked.length <= 4 ? 300 : 0;
      },
      work: async (claimed, grant) => {
        if (++running === 10) full.open();
        await full.opened;
        await workQuickly(claimed, grant);
      },
    });
    await engine.ended(await engine.create(10));
    const [first = 0, second = 0, third = 0] = asked;
    expect(second - first).toBeGreaterThan(250);
    expect(third - second).toBeGreaterThan(250);
  });

  it('shares the tasks with others, and no two work on one at once', async () => {
    const [working, begun] = [new Set<string>(), [] as string[]];
    const busyWorkers = new Set<number>();
    const bothBusy = gate();
    const startWorker = (worker: number) =>
      engine.startWorker({
        slots: 4,
        work: async (claimed, grant) => {
          const { id } = claimed.task;
          expect(working.has(id)).toBe(false);
          working.add(id);
          begun.push(id);
          if (busyWorkers.add(worker).size === 2) bothBusy.open();
          await bothBusy.opened;
          await workQuickly(claimed, grant);
          working.delete(id);
        },
      });
    await Promise.all([startWorker(1), startWorker(2)]);
    const ids = await engine.create(30);
    const tasks = await engine.ended(ids);
    expect(tasks.map(({ state }) => state)).toEqual(Array(30).fill('completed'));
    expect(begun.sort()).toEqual(ids.sort());
  });

  it('takes no task without a grant for its model, and gives back a grant that it has no task for', async () => {
    const worker = await engine.startWorker({ work: workQuickly });
    const [id = ''] = await engine.create();
    await engine.ended([id]);
    const { granted } = engine;
    const [other = ''] = await engine.create(1, { wakeUps: false, upstreamModel: 'another' });
    engine.bus.wakeUps.send('video');
    await until(() => engine.granted > granted);
    await worker.runner.stop();
    expect(engine.grants).toBe(0);
    expect(await engine.read(other)).toMatchObject({ state: 'pending' });
  });
});

describe('runner.stop', () => {
  it('has the task handed back, and another worker goes on at once', async () => {
    const takenOver = gate<{ claimed: ClaimedTask; grant: SlotGrant | undefined }>();
    const other = await engine.startWorker({
      work: async (claimed, grant) => {
        if (claimed.task.upstreamJobId === undefined) return workQuickly(claimed, grant);
        takenOver.open({ claimed, grant });
        await claimed.complete({ media: ['video.mp4'] });
      },
    });
    // It is idle after its first task, and no grant of its own would do for the second.
    await engine.ended(await engine.create());
    await until(() => other.runner.busy === 0);
    const [id = ''] = await engine.create(1, { wakeUps: false, upstreamModel: 'another' });
    const submitted = gate();
    const leaving = await engine.startWorker({
      slots: 4,
      models: ['another'],
      work: async (claimed) => {
        if (claimed.task.upstreamJobId === undefined) {
          await claimed.intend('cred_1');
          await claimed.submit('job_1');
        }
        submitted.open();
        await aborted(claimed.stopping);
        await claimed.handBack();
      },
    });
    await submitted.opened;

    const stopped = performance.now();
    await leaving.runner.stop();

    expect(leaving.runner.busy).toBe(0);
    const { claimed, grant } = await takenOver.opened;
    // Neither the claim's end nor the look of an idle slot comes so soon.
    expect(performance.now() - stopped).toBeLessThan(3_000);
    expect(grant).toBeUndefined();
    expect(claimed.task).toMatchObject({ id, upstreamJobId: 'job_1', credentialId: 'cred_1' });
    expect(await engine.ended([id])).toMatchObject([{ state: 'completed', version: 3 }]);
  });

  it('takes no more tasks', async () => {
    let works = 0;
    const begun = gate();
    const goOn = gate();
    const worker = await engine.startWorker({
      work: async (claimed, grant) => {
        works++;
        begun.open();
        await goOn.opened;
        await workQuickly(claimed, grant);
      },
    });
    const ids = await engine.create(3);
    await begun.opened;
    const stopped = worker.runner.stop();
    goOn.open();
    await stopped;
    expect(works).toBe(1);
    const states = (await engine.store.tasks.getMany(ids)).map(({ state }) => state);
    expect(states.sort()).toEqual(['completed', 'pending', 'pending']);
  });

  it('takes none for a grant that came too late, not even one that was just handed back', async () => {
    const begun = gate();
    const late = gate();
    let [grants, works] = [0, 0];
    const worker = await engine.startWorker({
      slots: 2,
      beforeGrant: async () => {
        if (++grants > 1) await late.opened;
      },
      work: async (claimed, grant) => {
        works++;
        begun.open();
        await aborted(claimed.stopping);
        await grant?.release();
        await claimed.handBack();
      },
    });
    await engine.create(2);
    await begun.opened;
    await until(() => grants === 2);
    const stopped = worker.runner.stop();
    await until(async () => (await engine.store.upkeep.countClaimable('video', 10)) === 2);
    late.open();
    await stopped;
    expect(works).toBe(1);
    expect(await engine.store.upkeep.countClaimable('video', 10)).toBe(2);
    expect(engine.grants).toBe(0);
  });

  it('ends the wait of idle slots at once', async () => {
    const worker = await engine.startWorker({ slots: 4, work: workQuickly });
    await engine.ended(await engine.create());
    const stopped = performance.now();
    await worker.runner.stop();
    expect(performance.now() - stopped).toBeLessThan(3_000);
  });
});
