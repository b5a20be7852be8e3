import { TestSystem } from '@grok2api/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { keepLogOnFailure } from './support/failure-log.js';
import { PICTURE_NETWORK, startPictureServer } from './support/picture-server.js';

/** A video takes longer than a claim: a worker that is stopped meanwhile loses it. */
const VIDEO_MS = 8_000;
const CLAIM_TTL_MS = 1_500;
const CREATES = { method: 'POST', path: '/v1/videos/generations' };

let system: TestSystem;
const stopped = new Set<string>();
beforeAll(async () => {
  system = await TestSystem.start({
    videoWorkers: 2,
    env: {
      CLAIM_TTL_MS: String(CLAIM_TTL_MS),
      SIMULATOR_VIDEO_MS: String(VIDEO_MS),
      FETCH_ALLOW: PICTURE_NETWORK,
    },
  });
});
beforeEach(() => keepLogOnFailure(system));
afterEach(() => {
  for (const worker of stopped) goOn(worker);
});
afterAll(async () => {
  await system?.stop();
});

it('stopped while it follows the job, and going on while another one does', async () => {
  const id = await system.tasks().create('stopped 1');
  await system.tasks().until(id, ({ progress }) => progress > 0);
  const worker = stop(await workerOf(id, 1));
  expect(await workerOf(id, 2)).not.toBe(worker);
  goOn(worker);
  await expectLeft(id, worker);
  expect((await system.tasks().ended(id)).status).toBe('completed');
  await expectOneEnd(id, 'stopped 1', worker);
});

it('stopped while it follows the job, and going on after another one has ended it', async () => {
  const id = await system.tasks().create('stopped 2');
  await system.tasks().until(id, ({ progress }) => progress > 0);
  const worker = stop(await workerOf(id, 1));
  expect((await system.tasks().ended(id)).status).toBe('completed');
  const ended = await system.tasks().get(id);
  goOn(worker);
  await expectLeft(id, worker);
  await expectOneEnd(id, 'stopped 2', worker);
  expect(await system.tasks().get(id)).toEqual(ended);
});

it('stopped before it has asked the upstream: only the one that took over asks', async () => {
  const pictures = await startPictureServer();
  try {
    const id = await system.tasks().create('stopped 3', { image_url: pictures.url });
    await vi.waitFor(() => expect(pictures.requests).toBe(1), { timeout: 20_000 });
    const worker = stop(await workerOf(id, 1));
    await vi.waitFor(() => expect(pictures.requests).toBe(2), { timeout: 30_000 });
    // The picture is there for both of them.
    pictures.release();
    await system.tasks().until(id, ({ status }) => status === 'running');
    goOn(worker);
    await expectLeft(id, worker);
    expect((await system.tasks().ended(id)).status).toBe('completed');
    await expectOneEnd(id, 'stopped 3', worker);
  } finally {
    await pictures.stop();
  }
});

it('stopped while the upstream is being asked: nobody asks again, and the answer changes nothing', async () => {
  const { simulator } = system;
  await simulator.addFault({ match: CREATES, fault: { delay_ms: 2_000 } });
  const asked = (await simulator.log(CREATES)).length;
  const id = await system.tasks().create('stopped 4');
  await vi.waitFor(async () => expect(await simulator.log(CREATES)).toHaveLength(asked + 1), { timeout: 20_000 });
  const worker = stop(await workerOf(id, 1));
  const ended = await system.tasks().ended(id, 30_000);
  expect(ended).toMatchObject({ status: 'failed', error: { code: 'submit_outcome_unknown' } });
  // The upstream has taken it, and its answer waits for the worker that is stopped.
  await vi.waitFor(async () => expect(await simulator.jobs('stopped 4')).toHaveLength(1), { timeout: 20_000 });
  goOn(worker);
  await expectLeft(id, worker);
  expect(await simulator.log(CREATES)).toHaveLength(asked + 1);
  await expectOneEnd(id, 'stopped 4', worker);
  expect(await system.tasks().get(id)).toEqual(ended);
});

/** Stops a worker as if its machine stood still. */
function stop(worker: string): string {
  system.kill(worker, 'SIGSTOP');
  stopped.add(worker);
  return worker;
}

function goOn(worker: string): void {
  system.kill(worker, 'SIGCONT');
  stopped.delete(worker);
}

/** Waits for the nth claim of a task. Resolves to the worker that made it. */
async function workerOf(id: string, nth: number): Promise<string> {
  const claims = () => system.logLines({ task_id: id, msg: 'claimed' });
  await vi.waitFor(() => expect(claims().length).toBeGreaterThanOrEqual(nth), { timeout: 30_000 });
  return String(claims()[nth - 1]?.instance);
}

/** Waits until the worker says that the task is not its any more. */
async function expectLeft(id: string, worker: string): Promise<void> {
  const line = await system.logLine({ task_id: id, instance: worker, msg: 'leaving the task' });
  expect(line.reason).toBe('claim_lost');
}

/** Sees that one worker alone ended the task, and that the other did nothing to it after it had left it. */
async function expectOneEnd(id: string, prompt: string, left: string): Promise<void> {
  // Meanwhile a task is made from beginning to end.
  await system.tasks().ended(await system.tasks().create(`after ${prompt}`));
  const lines = system.logLines({ task_id: id });
  expect(lines.filter(({ msg }) => msg === 'completed' || msg === 'failed')).toHaveLength(1);
  const said = lines.filter(({ instance }) => instance === left).map(({ msg }) => msg);
  expect(said.at(-1)).toBe('leaving the task');
  expect(await system.simulator.jobs(prompt)).toHaveLength(1);
}
