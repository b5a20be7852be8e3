import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { eventsOf } from './record/events.js';
import { Experiment } from './record/experiment.js';
import { keepLogOnFailure } from './support/failure-log.js';
import { printFigures } from './support/figures.js';

const CREATES = { method: 'POST', path: '/v1/videos/generations' };
const STOPPED_WITHIN_MS = 15_000;
const AT_ONCE_MS = 2_000;

let experiment: Experiment;
beforeAll(async () => {
  experiment = await Experiment.start({
    env: { VIDEO_WORKER_SLOTS: '1', SIMULATOR_VIDEO_MS: '5000', SIMULATOR_TOKEN_MS: '5' },
  });
});
beforeEach(() => keepLogOnFailure(experiment.system));
afterAll(async () => {
  await experiment?.stop();
});

it('a worker hands back what it has, leaves with 0, and another one goes on at once', async () => {
  const { system } = experiment;
  const worker = await system.startReplica('video-worker', { VIDEO_WORKER_SLOTS: '8' });
  for (let nth = 0; nth < 6; nth++) await experiment.makeVideo(`handed over ${nth}`);
  const submitted = () => system.logLines({ instance: worker.instance, msg: 'submitted to the upstream' }).length;
  await vi.waitFor(() => expect(submitted()).toBeGreaterThan(1), { timeout: 20_000 });
  experiment.fault('SIGTERM');
  const begun = Date.now();
  expect(await worker.stop()).toEqual({ code: 0 });
  printFigures({ 'worker stopped in ms': Date.now() - begun });
  expect(Date.now() - begun).toBeLessThan(STOPPED_WITHIN_MS);
  const ended = await experiment.untilAllEnded();
  expect([...ended.values()].map(({ status }) => status)).toEqual([...ended].map(() => 'completed'));
  const record = await experiment.verify();
  expect(eventsOf(record, 'worker').some(({ what }) => what === 'handed back')).toBe(true);
}, 120_000);

it('a worker whose create is under way waits for the answer; told twice, it ends at once, and nobody asks again', async () => {
  const { system, simulator } = experiment;
  // The other one has its only slot full.
  const blocker = await experiment.makeVideo('never:done blocker');
  await vi.waitFor(async () => expect(await simulator.jobs('never:done blocker')).toHaveLength(1), { timeout: 20_000 });
  const worker = await system.startReplica('video-worker', { VIDEO_WORKER_SLOTS: '4' });
  const asked = (await simulator.log(CREATES)).length;
  await simulator.addFault({ match: CREATES, times: null, fault: { delay_ms: 60_000 } });
  await experiment.makeVideo('told twice');
  await vi.waitFor(async () => expect((await simulator.log(CREATES)).length).toBe(asked + 1), { timeout: 20_000 });
  worker.kill('SIGTERM');
  await system.logLine({ instance: worker.instance, msg: 'stopping' });
  experiment.fault('SIGTERM twice');
  const begun = Date.now();
  worker.kill('SIGTERM');
  await worker.ended();
  printFigures({ 'told twice, ended in ms': Date.now() - begun });
  expect(Date.now() - begun).toBeLessThan(AT_ONCE_MS);
  await simulator.clearFaults();
  await system.tasks().request('DELETE', `/v1/video/tasks/${blocker}`);
  const ended = await experiment.untilAllEnded();
  expect([...ended.values()].find(({ prompt }) => prompt === 'told twice')).toMatchObject({
    status: 'failed',
    error: { code: 'submit_outcome_unknown' },
  });
  await experiment.verify();
}, 120_000);

it('a chat that is being written is finished, and the service leaves with 0', async () => {
  const { system } = experiment;
  const chat = await system.startChat();
  const ask = async (nth: number) => {
    const messages = [{ role: 'user', content: `tokens:60 pace:30 ${nth}` }];
    const answer = await system
      .tasks()
      .request('POST', '/v1/chat/completions', { model: 'grok-4.3', stream: true, messages });
    return answer.text();
  };
  const answers = Array.from({ length: 12 }, (_, nth) => ask(nth));
  await vi.waitFor(
    async () => expect(await experiment.simulator.log({ path: '/v1/chat/completions' })).toHaveLength(12),
    {
      timeout: 20_000,
    },
  );
  expect(await chat.stop()).toEqual({ code: 0 });
  for (const text of await Promise.all(answers)) expect(text).toContain('data: [DONE]');
}, 120_000);

it('a gateway tells its readers to connect again, and leaves with 0', async () => {
  const gateway = await experiment.system.startGateway();
  const id = await experiment.makeVideo('never:done watched');
  const stream = await gateway.tasks().request('GET', `/v1/video/tasks/${id}/stream`);
  const text = stream.text();
  expect(await gateway.stop()).toEqual({ code: 0 });
  expect(await text).toMatch(/^retry: \d+$/m);
  await experiment.system.tasks().request('DELETE', `/v1/video/tasks/${id}`);
  await experiment.verify();
}, 60_000);

it.each(['token-pool', 'callback-dispatcher', 'image', 'api-gateway'])(
  '%s leaves in time, and is there again',
  async (name) => {
    const { system } = experiment;
    const stops = () => system.logLines({ service: name, msg: 'stopped' }).length;
    const before = stops();
    const begun = Date.now();
    system.kill(name, 'SIGTERM');
    await vi.waitFor(() => expect(stops()).toBe(before + 1), { timeout: STOPPED_WITHIN_MS });
    printFigures({ [`${name} stopped in ms`]: Date.now() - begun });
    await vi.waitFor(async () => expect((await system.tasks().request('GET', '/health')).status).toBe(200), {
      timeout: 30_000,
    });
    await experiment.makeVideo(`after ${name}`);
    await experiment.verify();
  },
  90_000,
);
