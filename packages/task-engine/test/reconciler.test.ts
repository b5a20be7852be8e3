import { ModelCatalogue } from '@grok2api/contracts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { aborted, gate, MODEL, TestEngine, until, workQuickly } from './test-engine.js';

const HOUR_MS = 3_600_000;

let engine: TestEngine;

beforeAll(async () => {
  engine = await TestEngine.start();
});

afterAll(() => engine.stop());

afterEach(() => engine.empty());

/** A reconciler that has made its first round. */
async function afterOneRound(options: Parameters<TestEngine['startReconciler']>[1] = {}): Promise<void> {
  const swept = gate();
  const reconciler = engine.startReconciler('reconciler', { ...options, sweepMedia: async () => swept.open() });
  await swept.opened;
  await reconciler.stop();
}

describe('the reconciler', () => {
  it('is one of all, which goes on after a round that failed; another follows when it stops', async () => {
    const rounds: string[] = [];
    const sweep = (name: string) => async () => {
      rounds.push(name);
      if (rounds.length === 1) throw new Error('the sweep broke');
    };
    const first = engine.startReconciler('first', { sweepMedia: sweep('first') });
    await until(() => rounds.length === 1);
    engine.startReconciler('second', { sweepMedia: sweep('second') });
    await until(() => rounds.length === 2);
    expect(rounds).toEqual(['first', 'first']);
    await first.stop();
    await until(() => rounds.length === 3);
    expect(rounds).toEqual(['first', 'first', 'second']);
  });

  it('sends the wake-ups that are missing, and no more', async () => {
    await engine.takeWakeUps();
    await engine.create(2);
    await engine.create(3, { wakeUps: false });
    await until(async () => (await engine.bus.wakeUps.waiting('video')) === 2);
    for (let round = 0; round < 2; round++) {
      await afterOneRound();
      await until(async () => (await engine.bus.wakeUps.waiting('video')) === 5);
    }
    await engine.takeWakeUps();
    await afterOneRound();
    await until(async () => (await engine.bus.wakeUps.waiting('video')) === 5);
  });

  it('has tasks for a model that the upstream has no more made by the one that their model leads to now', async () => {
    const models = new ModelCatalogue();
    const [id = ''] = await engine.create(1, { upstreamModel: 'retired' });
    engine.startReconciler('first', { models });
    const worked: string[] = [];
    await engine.startWorker({
      models: [MODEL],
      work: async (claimed, grant) => {
        worked.push(claimed.task.id);
        await claimed.fail({ code: 'upstream_error', message: 'enough' });
        void grant?.release();
      },
    });
    await until(() => worked.includes(id));
  });

  it('sends none for tasks that somebody works on', async () => {
    const begun = gate();
    const over = gate();
    await engine.startWorker({
      work: async (claimed, grant) => {
        begun.open();
        await over.opened;
        await workQuickly(claimed, grant);
      },
    });
    const ids = await engine.create();
    await begun.opened;
    await engine.takeWakeUps();
    await afterOneRound();
    await engine.bus.flush();
    expect(await engine.bus.wakeUps.waiting('video')).toBe(0);
    over.open();
    await engine.ended(ids);
  });

  it('ends tasks past their deadline, tells their readers, and stops their workers', async () => {
    const left = gate();
    const submitted = gate();
    await engine.startWorker({
      work: async (claimed, grant) => {
        await claimed.intend('cred_1');
        await claimed.submit('job_1');
        await grant?.release();
        submitted.open();
        await aborted(claimed.left);
        left.open();
        // Keeps the slot busy, so that the task that waits goes on waiting.
        await aborted(claimed.stopping);
      },
    });
    const [running = ''] = await engine.create();
    await submitted.opened;
    const [waiting = ''] = await engine.create();
    const events = [await engine.watch(running), await engine.watch(waiting)];

    const early = engine.startReconciler('reconciler', { deadlines: { queueMs: 1, runMs: HOUR_MS } });
    await until(() => events[1]?.length === 1);
    expect(events[0]).toEqual([]);
    await early.stop();
    await afterOneRound({ deadlines: { queueMs: HOUR_MS, runMs: 1 } });
    await left.opened;

    expect(events[1]).toEqual([
      {
        id: waiting,
        version: 2,
        state: 'failed',
        progress: 0,
        error: { code: 'queue_timeout', message: expect.any(String) },
      },
    ]);
    await until(() => events[0]?.length === 1);
    expect(events[0]).toEqual([
      {
        id: running,
        version: 3,
        state: 'failed',
        progress: 0,
        error: { code: 'task_timeout', message: expect.any(String) },
      },
    ]);
  });

  it('removes rows that ended long ago, and has their media removed', async () => {
    await engine.startWorker({ work: workQuickly });
    const ids = await engine.create(2);
    await engine.ended(ids);
    const swept = gate<readonly string[]>();
    engine.startReconciler('reconciler', { retentionMs: 0, sweepMedia: async (media) => swept.open(media) });
    expect([...(await swept.opened)].sort()).toEqual(ids.map((id) => `${id}.mp4`).sort());
    expect(await engine.store.tasks.getMany(ids)).toEqual([]);
  });

  it('leaves what is to be removed to the one that does it for all kinds', async () => {
    const rounds: string[] = [];
    const sweep = (kind: string) => async () => void rounds.push(kind);
    const videos = engine.startReconciler('worker', { kind: 'video', sweepMedia: sweep('video') });
    await until(() => rounds.length === 1);
    engine.startReconciler('service', { kind: 'image', sweepMedia: sweep('image') });
    await until(() => rounds.length === 2);
    expect(rounds).toEqual(['video', 'video']);
    await videos.stop();
    await until(() => rounds.length === 3);
    expect(rounds.at(-1)).toBe('image');
  });
});
