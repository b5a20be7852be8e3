import { type LogLine, TestSystem } from '@grok2api/testkit';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { keepLogOnFailure } from './support/failure-log.js';
import { printFigures } from './support/figures.js';
import { PICTURE_NETWORK, type PictureServer, startPictureServer } from './support/picture-server.js';
import { createAll } from './support/task-list.js';

const SMALL = { aspect_ratio: '1:1', resolution: '480p', video_length: 6 };
const OTHERS = 10;
const TIMES = 3;
const WORKERS = ['video-worker-1', 'video-worker-2'] as const;

let system: TestSystem;
let pictures: PictureServer;
beforeAll(async () => {
  pictures = await startPictureServer();
  system = await TestSystem.start({
    videoWorkers: WORKERS.length,
    // The other tasks last longer than the three deaths.
    env: {
      VIDEO_WORKER_SLOTS: '8',
      CLAIM_TTL_MS: '1500',
      SIMULATOR_VIDEO_MS: '45000',
      FETCH_ALLOW: PICTURE_NETWORK,
    },
  });
});
beforeEach(() => keepLogOnFailure(system));
afterAll(async () => {
  await system?.stop();
  await pictures?.stop();
});

it('a task whose workers die is tried alone at last, then given up; the others are made', async () => {
  const tasks = system.tasks();
  const prompts = Array.from({ length: OTHERS }, (_, index) => `beside it ${index + 1}`);
  const others = await createAll(tasks, prompts, SMALL);
  await Promise.all(others.map((id) => tasks.until(id, ({ progress }) => progress > 0)));

  // Its worker waits for the picture, which never comes, before it has asked the upstream.
  const poison = await tasks.create('poison', { image_url: pictures.url });
  const claims = () => system.logLines({ task_id: poison, msg: 'claimed' });
  let beside = 0;
  for (let death = 1; death <= TIMES; death++) {
    await vi.waitFor(() => expect(pictures.requests).toBe(death), { timeout: 30_000, interval: 20 });
    const claim = claims()[death - 1];
    expect(claims()).toHaveLength(death);
    expect(claim).toMatchObject({ losses: death - 1, begun: false });
    const worker = String(claim?.instance);
    if (death < TIMES) {
      // A task that went on is nobody's suspect, whatever becomes of its worker.
      await expectProgress(inHands(worker).filter((id) => id !== poison));
    } else {
      beside = inHands(worker, claim).length - 1;
      // More than the other worker has room for.
      const waiting = await createAll(tasks, Array(OTHERS).fill('never:done, while it is alone'));
      await expectProgress(inHands(worker === WORKERS[0] ? WORKERS[1] : WORKERS[0]));
      expect(inHands(worker)).toEqual([poison]);
      await tasks.request('DELETE', '/v1/video/tasks', { task_ids: waiting });
    }
    system.kill(worker);
  }

  const ended = await tasks.ended(poison, 60_000);
  expect(ended).toMatchObject({ status: 'failed', error: { code: 'worker_lost' } });
  expect(pictures.requests).toBe(TIMES);
  expect(await system.simulator.jobs('poison')).toEqual([]);
  printFigures({ 'tasks that had to leave the last worker': beside });

  for (const [index, id] of others.entries()) {
    expect((await tasks.ended(id, 120_000)).status).toBe('completed');
    expect(await system.simulator.jobs(prompts[index])).toHaveLength(1);
  }
  await vi.waitFor(
    async () => {
      const metrics = await (await tasks.request('GET', '/metrics')).text();
      expect(metrics).toContain('grok2api_tasks_given_up{service="api-gateway"} 1\n');
    },
    { timeout: 30_000, interval: 500 },
  );
});

/** Waits until each of the tasks has gone on. */
async function expectProgress(ids: readonly string[]): Promise<void> {
  const read = () => Promise.all(ids.map(async (id) => (await system.tasks().get(id)).progress));
  const before = await read();
  await vi.waitFor(
    async () => expect((await read()).every((progress, index) => progress > (before[index] ?? 0))).toBe(true),
    { timeout: 10_000, interval: 200 },
  );
}

/** The tasks that a worker has by its log, up to and with one of its lines. */
function inHands(worker: string, upTo?: LogLine): string[] {
  const has = new Set<string>();
  for (const line of system.logLines({ instance: worker })) {
    const id = String(line.task_id);
    if (line.msg === 'taking tasks') has.clear();
    else if (line.msg === 'claimed') has.add(id);
    else if (['handed back', 'leaving the task', 'completed', 'failed'].includes(String(line.msg))) has.delete(id);
    if (line === upTo) break;
  }
  return [...has];
}
