import { type SystemOnServers, startOnServers, type TestGateway } from '@grok2api/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { keepLogOnFailure } from './support/failure-log.js';
import { printFigures } from './support/figures.js';
import { SseReader } from './support/sse-reader.js';

const WITHIN_MS = 1_000;
const WORKER = 'video-worker-1';
/** A request that was sent before the worker left may arrive after it. */
const UNDER_WAY_MS = 300;

let on: SystemOnServers;
let second: TestGateway;
beforeAll(async () => {
  on = await startOnServers({ env: { VIDEO_WORKER_SLOTS: '8', SIMULATOR_VIDEO_MS: '1000' } });
  second = await on.system.startGateway();
});
beforeEach(() => keepLogOnFailure(on.system));
afterAll(async () => {
  await on?.stop();
});

describe('a task that a worker follows is cancelled through another gateway', () => {
  it('within a second while everything is up', async () => {
    const task = await followedTask('all up');
    const cancelled = await cancel(task.id);
    const seenMs = await endsSeen(task.readers, cancelled.at);
    const left = await leaving(task.id);
    printFigures({
      'answered ms': cancelled.ms,
      'readers saw it after ms': seenMs,
      'left after ms': left.at - cancelled.at,
    });
    expect(Math.max(cancelled.ms, seenMs, left.at - cancelled.at)).toBeLessThan(WITHIN_MS);
    expect(left.reason).toBe('cancelled');
    await expectNoPolls(task.jobId, left.at);
  });

  it('while the worker is stopped: the row says so at once, the worker leaves when it goes on', async () => {
    const { system } = on;
    const task = await followedTask('worker stopped');
    system.kill(WORKER, 'SIGSTOP');
    let cancelled: Awaited<ReturnType<typeof cancel>>;
    let seenMs: number;
    try {
      cancelled = await cancel(task.id);
      seenMs = await endsSeen(task.readers, cancelled.at);
      expect(system.logLines({ task_id: task.id, msg: 'leaving the task' })).toEqual([]);
    } finally {
      system.kill(WORKER, 'SIGCONT');
    }
    const left = await leaving(task.id);
    printFigures({ 'worker stopped, answered ms': cancelled.ms, 'readers saw it after ms': seenMs });
    expect(Math.max(cancelled.ms, seenMs)).toBeLessThan(WITHIN_MS);
    await expectNoPolls(task.jobId, left.at);
    expect((await system.tasks().get(task.id)).status).toBe('cancelled');
  });

  it('while NATS is away: the row says so at once, the worker leaves at its next write', async () => {
    const { system, nats } = on;
    const task = await followedTask('NATS away');
    await nats.pause();
    let left: Awaited<ReturnType<typeof leaving>>;
    try {
      const cancelled = await cancel(task.id);
      expect(cancelled.ms).toBeLessThan(WITHIN_MS);
      left = await leaving(task.id);
      expect(left.reason).toBe('claim_lost');
      // Readers learn it from the row.
      const seenMs = await endsSeen(task.readers, cancelled.at);
      printFigures({
        'NATS away, answered ms': cancelled.ms,
        'left after ms': left.at - cancelled.at,
        'readers saw it after ms': seenMs,
      });
    } finally {
      await nats.resume();
    }
    await vi.waitFor(async () => expect((await system.tasks().request('GET', '/health')).status).toBe(200), {
      timeout: 30_000,
    });
    await expectNoPolls(task.jobId, left.at);
  });

  it('while the token pool is killed', async () => {
    const { system } = on;
    const task = await followedTask('token pool killed');
    const starts = system.logLines({ service: 'token-pool', msg: 'ready' }).length;
    system.kill('token-pool');
    const cancelled = await cancel(task.id);
    const seenMs = await endsSeen(task.readers, cancelled.at);
    const left = await leaving(task.id);
    expect(system.logLines({ service: 'token-pool', msg: 'ready' })).toHaveLength(starts);
    printFigures({ 'token pool killed, readers saw it after ms': seenMs, 'left after ms': left.at - cancelled.at });
    expect(Math.max(cancelled.ms, seenMs, left.at - cancelled.at)).toBeLessThan(WITHIN_MS);
    await expectNoPolls(task.jobId, left.at);
  });
});

describe('a task is cancelled', () => {
  it.each([
    ['while the upstream is being asked', 'POST', '/v1/videos/generations'],
    ['while its file is fetched', 'GET', '/files/'],
  ])('%s: the request is given up within a second', async (when, method, path) => {
    const { simulator } = on.system;
    const earlier = (await simulator.log({ method, path })).length;
    await simulator.addFault({ match: { method, path }, fault: { delay_ms: 20_000 } });
    const id = await on.system.tasks().create(`cancelled ${when}`);
    await vi.waitFor(async () => expect(await simulator.log({ method, path })).toHaveLength(earlier + 1), {
      timeout: 20_000,
    });
    const cancelled = await cancel(id);
    const left = await leaving(id);
    expect(left.at - cancelled.at).toBeLessThan(WITHIN_MS);
    await vi.waitFor(async () => {
      const request = (await simulator.log({ method, path })).at(-1);
      expect(request?.ended).toBe('client_closed');
      expect(Date.parse(String(request?.closed_at)) - cancelled.at).toBeLessThan(WITHIN_MS);
    });
    await simulator.clearFaults();
    expect((await second.tasks().get(id)).status).toBe('cancelled');
  });

  it('before any worker has it: no upstream is ever asked', async () => {
    const { system } = on;
    const first = await system.tasks().create('cancelled at once');
    const blockers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => system.tasks().create(`never:done, blocker ${index}`)),
    );
    await Promise.all(blockers.map((id) => system.tasks().until(id, ({ status }) => status === 'running')));
    await system.tasks().ended(first);
    const id = await system.tasks().create('cancelled while it waits');
    const cancelled = await cancel(id);
    expect(cancelled.ms).toBeLessThan(WITHIN_MS);
    for (const blocker of blockers) await cancel(blocker);
    const after = await system.tasks().create('after those cancelled');
    expect((await system.tasks().ended(after)).status).toBe('completed');
    expect(await system.simulator.jobs('cancelled while it waits')).toEqual([]);
    expect((await system.tasks().get(id)).status).toBe('cancelled');
  });
});

/** A task with a job that never ends, which the worker follows, and a reader of it on each gateway. */
async function followedTask(name: string): Promise<{ id: string; jobId: string; readers: SseReader[] }> {
  const { system } = on;
  const prompt = `never:done, ${name}`;
  const id = await system.tasks().create(prompt);
  const readers = await Promise.all([system, second].map(({ baseUrl }) => SseReader.open(baseUrl, id)));
  await vi.waitFor(() => expect(readers.every(({ last }) => (last?.progress ?? 0) > 0)).toBe(true), {
    timeout: 20_000,
  });
  const [job] = await system.simulator.jobs(prompt);
  if (!job) throw new Error('the simulator has no job');
  return { id, jobId: job.request_id, readers };
}

/** Cancels through the second gateway. `at`: when it was asked. */
async function cancel(id: string): Promise<{ at: number; ms: number }> {
  const at = Date.now();
  const answer = await second.tasks().request('DELETE', `/v1/video/tasks/${id}`);
  const ms = Date.now() - at;
  expect(answer.status).toBe(200);
  for (const client of [on.system.tasks(), second.tasks()]) expect((await client.get(id)).status).toBe('cancelled');
  return { at, ms };
}

/** Waits for every reader's end. Resolves to the milliseconds it took since the cancel. */
async function endsSeen(readers: readonly SseReader[], cancelledAt: number): Promise<number> {
  for (const reader of readers) {
    expect(await reader.closed).toBe('ended');
    expect(reader.ends).toEqual(['cancelled']);
  }
  return Date.now() - cancelledAt;
}

/** Waits until the worker says that it leaves the task. */
async function leaving(id: string): Promise<{ at: number; reason: unknown }> {
  const line = await on.system.logLine({ task_id: id, msg: 'leaving the task' });
  return { at: Date.parse(String(line.time)), reason: line.reason };
}

/** Sees that the job is not polled any more, while another one is polled again and again. */
async function expectNoPolls(jobId: string, leftAt: number): Promise<void> {
  const { system } = on;
  const prompt = `never:done, polled after ${jobId}`;
  const other = await system.tasks().create(prompt);
  await vi.waitFor(
    async () => {
      const [job] = await system.simulator.jobs(prompt);
      expect(await system.simulator.log({ method: 'GET', path: `/v1/videos/${job?.request_id}` })).toHaveLength(3);
    },
    { timeout: 30_000, interval: 200 },
  );
  const polls = await system.simulator.log({ method: 'GET', path: `/v1/videos/${jobId}` });
  expect(polls.length).toBeGreaterThan(0);
  expect(polls.filter(({ at }) => Date.parse(at) > leftAt + UNDER_WAY_MS)).toEqual([]);
  await system.tasks().request('DELETE', `/v1/video/tasks/${other}`);
}
