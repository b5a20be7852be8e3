import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ClaimedTask, type SlotGrant, TaskLeftError } from '../src/index.js';
import { aborted, gate, LONG_MS, TestEngine, until, workQuickly } from './test-engine.js';

let engine: TestEngine;

beforeAll(async () => {
  engine = await TestEngine.start();
});

afterAll(() => engine.stop());

afterEach(() => engine.empty());

describe('a task in hand', () => {
  it('is left within a second when it is cancelled', async () => {
    const begun = gate();
    const left = gate<unknown>();
    const worker = await engine.startWorker({
      work: async (claimed) => {
        begun.open();
        await aborted(claimed.left);
        left.open(await claimed.advance(10).catch((err: unknown) => err));
        claimed.throwIfLeft();
      },
    });
    const [id = ''] = await engine.create();
    await begun.opened;
    await engine.store.tasks.cancel(id);
    const cancelled = performance.now();
    engine.bus.publishCancel(id);
    expect(await left.opened).toBeInstanceOf(TaskLeftError);
    expect(performance.now() - cancelled).toBeLessThan(1_000);
    await until(() => worker.runner.busy === 0);
    expect(worker.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('is left with the next renewal when the cancel was not heard', async () => {
    const begun = gate();
    const left = gate();
    await engine.startWorker({
      claimTtlMs: 900,
      work: async (claimed) => {
        begun.open();
        await aborted(claimed.left);
        left.open();
      },
    });
    const [id = ''] = await engine.create();
    await begun.opened;
    await engine.store.tasks.cancel(id);
    await left.opened;
  });

  it('is taken over after a work that threw, when the claim has run out', async () => {
    const claimTtlMs = 800;
    const begun: number[] = [];
    const worker = await engine.startWorker({
      claimTtlMs,
      work: async (claimed, grant) => {
        begun.push(performance.now());
        if (begun.length === 1) throw new Error('the work broke');
        await workQuickly(claimed, grant);
      },
    });
    const [id = ''] = await engine.create();
    // Nobody wakes a worker for it but the reconciler.
    await until(async () => {
      engine.bus.wakeUps.send('video');
      return (await engine.read(id)).state === 'completed';
    });
    expect(begun).toHaveLength(2);
    const [first = 0, second = 0] = begun;
    expect(second - first).toBeGreaterThan(claimTtlMs * 0.9);
    expect(worker.lines).toContainEqual(
      expect.objectContaining({
        level: 'error',
        task_id: id,
        err: expect.objectContaining({ message: 'the work broke' }),
      }),
    );
  });

  it('stays in the same hands for longer than one claim lasts', async () => {
    const claimTtlMs = 600;
    const begun: string[] = [];
    const over = gate();
    const work = async (claimed: ClaimedTask, grant: SlotGrant | undefined) => {
      begun.push(claimed.task.id);
      await over.opened;
      await workQuickly(claimed, grant);
    };
    await engine.startWorker({ claimTtlMs, work });
    const [id = ''] = await engine.create();
    await until(() => begun.length === 1);
    const other = await engine.startWorker({ claimTtlMs, work });
    const end = Date.now() + 3 * claimTtlMs;
    while (Date.now() < end) {
      expect(await other.store.queue.anyClaimable('video')).toBe(false);
      await sleep(50);
    }
    over.open();
    expect(await engine.ended([id])).toMatchObject([{ state: 'completed' }]);
    expect(begun).toEqual([id]);
  });

  it('is told about as it was written, version by version', async () => {
    const [id = ''] = await engine.create(1, { wakeUps: false });
    const events = await engine.watch(id);
    await engine.startWorker({
      work: async (claimed, grant) => {
        await claimed.intend('cred_1');
        await claimed.retract();
        await claimed.intend('cred_2');
        await claimed.submit('job_1');
        await grant?.release();
        for (const progress of [10, 10, 5, 20]) {
          await claimed.advance(progress);
          expect(claimed.task).toEqual(await engine.read(id));
        }
        await claimed.complete({ media: ['video.mp4'] }, 7_500_000_000);
      },
    });
    engine.bus.wakeUps.send('video');
    await until(() => events.at(-1)?.state === 'completed');
    expect(events).toEqual([
      { id, version: 2, state: 'running', progress: 0 },
      { id, version: 3, state: 'running', progress: 10 },
      { id, version: 4, state: 'running', progress: 20 },
      { id, version: 5, state: 'completed', progress: 100, result: { media: ['video.mp4'] } },
    ]);
    expect(await engine.read(id)).toMatchObject({
      version: 5,
      state: 'completed',
      credentialId: 'cred_2',
      costUsdTicks: 7_500_000_000,
    });
  });

  it('is told about when it fails', async () => {
    const [id = ''] = await engine.create(1, { wakeUps: false });
    const events = await engine.watch(id);
    const error = { code: 'upstream_error', message: '失败' };
    await engine.startWorker({ claimTtlMs: LONG_MS, work: (claimed) => claimed.fail(error) });
    engine.bus.wakeUps.send('video');
    await until(() => events.length > 0);
    expect(events).toEqual([{ id, version: 2, state: 'failed', progress: 0, error }]);
  });
});
