import { setTimeout as sleep } from 'node:timers/promises';
import { type SystemOnServers, startOnServers, type TestSystem } from '@grok2api/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { fetchFile, ImageClient, sizeOf } from './support/image-client.js';

const PATH = '/v1/images/generations';
const CLAIM_TTL_MS = 2_000;

let servers: SystemOnServers;
let system: TestSystem;
const images = new ImageClient(() => system);

beforeAll(async () => {
  // Claims are not taken over while the database has just been started.
  servers = await startOnServers({ env: { SIMULATOR_IMAGE_MS: '50', CLAIM_TTL_MS: String(CLAIM_TTL_MS) } });
  system = servers.system;
});
afterEach(() => system.simulator.clearFaults());
afterAll(async () => {
  await servers?.stop();
});

const starts = () => system.logLines({ service: 'image', msg: 'taking requests and tasks' }).length;
/** Waits until the launcher has started the service again. */
const restarted = (before: number) => expect.poll(starts, { timeout: 20_000 }).toBeGreaterThan(before);
const asked = (prompt: string, count = 1) =>
  expect.poll(async () => (await images.asked(prompt)).length, { timeout: 10_000 }).toBe(count);

describe('an image task survives kill -9 of its service', () => {
  it('while the upstream is asked: it is not asked again, and the task says so', async () => {
    const prompt = 'slow:60000 被问到';
    const id = await system.imageTasks().create(prompt);
    await asked(prompt);
    system.kill('image');
    expect(await system.imageTasks().ended(id, 30_000)).toMatchObject({
      status: 'failed',
      error: { code: 'submit_outcome_unknown' },
    });
    expect(await images.asked(prompt)).toEqual([1]);
  });

  it('after the upstream has refused: it is asked again, and completes', async () => {
    const prompt = '被拒绝';
    await system.simulator.addFault({ match: { path: PATH }, times: null, fault: { status: 503, body: 'busy' } });
    const id = await system.imageTasks().create(prompt);
    const refusals = () => system.logLines({ task_id: id, msg: 'the upstream did not take the task' }).length;
    await expect.poll(refusals, { timeout: 30_000 }).toBe(3);
    // The refusal is written down at once; the next ask follows after a second or more.
    await sleep(100);
    expect((await system.imageTasks().get(id)).status).toBe('running');
    system.kill('image');
    await system.simulator.clearFaults();
    expect((await system.imageTasks().ended(id, 40_000)).status).toBe('completed');
  });

  it('with images stored: they are the result', async () => {
    const prompt = 'fewer:2 slow:4000 已存两张';
    const tasks = system.imageTasks();
    const id = await tasks.create(prompt, { n: 4 });
    // Two have come, the missing ones are asked for.
    await tasks.until(id, ({ progress }) => progress === 50);
    await asked(prompt, 2);
    system.kill('image');
    const ended = await tasks.ended(id, 30_000);
    expect(ended).toMatchObject({ status: 'completed', progress: 100 });
    expect(ended.images).toHaveLength(2);
    for (const url of ended.images ?? []) expect(await sizeOf((await fetchFile(url)).bytes)).toBe('1024x1024');
    expect(await images.asked(prompt)).toEqual([4, 2]);
  });

  it('in the queue: it is made by the next one', async () => {
    const before = starts();
    system.kill('image');
    const ids = await Promise.all(Array.from({ length: 6 }, (_, n) => system.imageTasks().create(`排队 ${n}`)));
    await restarted(before);
    for (const id of ids) expect((await system.imageTasks().ended(id, 30_000)).status).toBe('completed');
    for (let n = 0; n < 6; n++) expect(await images.asked(`排队 ${n}`)).toEqual([1]);
  });
});

describe('SIGTERM of the service', () => {
  it('lets the calls in flight finish, of tasks and of requests', async () => {
    const before = starts();
    const id = await system.imageTasks().create('slow:3000 任务');
    const request = images.generate({ prompt: 'slow:3000 请求' });
    const stream = images.send({ prompt: 'slow:3000 流', n: 2, stream: true });
    for (const word of ['任务', '请求', '流']) await asked(`slow:3000 ${word}`);
    system.kill('image', 'SIGTERM');
    expect((await request).status).toBe(200);
    expect(await (await stream).text()).toContain('image_generation.completed');
    expect((await system.imageTasks().ended(id)).status).toBe('completed');
    // By the process that had begun it.
    expect(system.logLines({ task_id: id, msg: 'claimed' })).toHaveLength(1);
    for (const word of ['任务', '请求', '流']) expect(await images.asked(`slow:3000 ${word}`)).toHaveLength(1);
    await restarted(before);
    expect((await images.generate({ prompt: 'x' })).status).toBe(200);
  });
});

describe('a client that waits is told not to ask again', () => {
  it('when the service is killed while the upstream is asked', async () => {
    const before = starts();
    const prompt = 'slow:60000 服务没了';
    const answer = images.generate({ prompt });
    await asked(prompt);
    system.kill('image');
    const { status, headers, body } = await answer;
    expect(status).toBe(503);
    expect(body).toMatchObject({ error: { code: 'service_unavailable' } });
    expect(headers.get('x-should-retry')).toBe('false');
    expect(await images.asked(prompt)).toEqual([1]);
    await restarted(before);
  });

  it('when its gateway stops before the image is there', async () => {
    const gateway = await system.startGateway();
    const prompt = 'slow:60000 网关停止';
    const answer = gateway.tasks().request('POST', PATH, { prompt });
    await asked(prompt);
    const stopped = gateway.stop();
    const { status, headers } = await answer;
    expect(status).toBe(503);
    expect(headers.get('x-should-retry')).toBe('false');
    expect(await stopped).toEqual({ code: 0 });
  });
});

it('a restart of NATS makes no difference, neither to tasks nor to who waits', async () => {
  const tasks = system.imageTasks();
  await images.generate({ prompt: 'x' });
  const id = await tasks.create('slow:6000 任务在途');
  const request = images.generate({ prompt: 'slow:6000 请求在途' });
  await asked('slow:6000 任务在途');
  await asked('slow:6000 请求在途');
  await servers.nats.crash();
  // Accepted while NATS is away.
  const meanwhile = await tasks.create('断线时提交');
  await sleep(1_500);
  await servers.nats.resume();
  expect((await request).status).toBe(200);
  expect((await tasks.ended(id, 30_000)).status).toBe('completed');
  expect((await tasks.ended(meanwhile, 30_000)).status).toBe('completed');
  for (const prompt of ['slow:6000 任务在途', 'slow:6000 请求在途', '断线时提交']) {
    expect(await images.asked(prompt)).toEqual([1]);
  }
});
