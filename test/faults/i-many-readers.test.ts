import { MemoryWatch, type SystemOnServers, startOnServers, type TestGateway } from '@grok2api/testkit';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { keepLogOnFailure } from './support/failure-log.js';
import { printFigures } from './support/figures.js';
import { SseReader } from './support/sse-reader.js';
import { countBy, createAll } from './support/task-list.js';

const SMALL = { aspect_ratio: '1:1', resolution: '480p', video_length: 6 };
const TASKS = 50;
const READERS = 2_000;
/** Streams that are being opened at a time. */
const OPENING = 50;
const MOST_GROWTH_MB = 150;
/** How tasks end, in equal shares. Only one share is drawn by the simulator, which would take the processor from the gateways. */
const KINDS = [
  { prompt: 'many readers', end: 'completed' },
  { prompt: 'fail:internal_error', end: 'failed' },
  { prompt: 'never:done', end: 'cancelled' },
] as const;
/** Long enough that all readers are there before the first task ends. */
const VIDEO_MS = 40_000;

let on: SystemOnServers;
let second: TestGateway;
beforeAll(async () => {
  on = await startOnServers({ env: { VIDEO_WORKER_SLOTS: '60', SIMULATOR_VIDEO_MS: String(VIDEO_MS) } });
  second = await on.system.startGateway();
});
beforeEach(() => keepLogOnFailure(on.system));
afterAll(async () => {
  await on?.stop();
});

it(`${READERS} readers of ${TASKS} tasks through two gateways: each gets its end, memory stays bounded`, async () => {
  const { system } = on;
  const tasks = system.tasks();
  const kindOf = (index: number) => KINDS[index % KINDS.length] ?? KINDS[0];
  const prompts = Array.from({ length: TASKS }, (_, index) => `${kindOf(index).prompt} ${index}`);
  const ids = await createAll(tasks, prompts, SMALL);
  await tasks.until(ids.at(-1) ?? '', ({ status }) => status === 'running');

  const gateways = [
    { baseUrl: system.baseUrl, pid: system.pid('api-gateway') },
    { baseUrl: second.baseUrl, pid: second.pid },
  ];
  for (const { baseUrl } of gateways) await warmUp(baseUrl, ids[0] ?? '');
  const memory = new MemoryWatch(gateways.map(({ pid }) => pid));
  const begun = Date.now();
  const readers: { task: number; reader: SseReader }[] = [];
  let next = 0;
  const openNext = async () => {
    for (let at = next++; at < READERS; at = next++) {
      const task = Math.floor(at / gateways.length) % TASKS;
      const baseUrl = gateways[at % gateways.length]?.baseUrl ?? '';
      readers.push({ task, reader: await SseReader.open(baseUrl, ids[task] ?? '') });
    }
  };
  await Promise.all(Array.from({ length: OPENING }, openNext));
  const openedMs = Date.now() - begun;
  expect(readers.filter(({ reader }) => reader.ends.length > 0)).toEqual([]);
  for (const { baseUrl } of gateways) expect(await readersAt(baseUrl)).toBe(READERS / gateways.length);

  for (const [index, id] of ids.entries()) {
    if (kindOf(index).end === 'cancelled') await tasks.request('DELETE', `/v1/video/tasks/${id}`);
  }
  const closes = await Promise.all(readers.map(({ reader }) => reader.closed));
  const [first, other] = memory.stop();
  printFigures({
    readers: READERS,
    'opened in ms': openedMs,
    'first gateway MB': `${first?.before} + ${first?.growth}`,
    'second gateway MB': `${other?.before} + ${other?.growth}`,
    ...countBy(readers, ({ reader }) => reader.ends.join(' and ') || 'no end'),
  });

  expect(countBy(closes, String)).toEqual({ ended: READERS });
  const wrong = readers.filter(({ task, reader }) => reader.ends.join() !== kindOf(task).end || reader.fell);
  expect(wrong).toEqual([]);
  for (const { growth } of [first, other].filter((figures) => figures !== undefined)) {
    expect(growth).toBeLessThan(MOST_GROWTH_MB);
  }
  for (const { baseUrl } of gateways) await noReaders(baseUrl);
}, 300_000);

/** Lets a gateway load and compile what it needs for readers: that is no growth by readers. */
async function warmUp(baseUrl: string, id: string): Promise<void> {
  const readers = await Promise.all(Array.from({ length: 2 * OPENING }, () => SseReader.open(baseUrl, id)));
  for (const reader of readers) {
    reader.leave();
    await reader.closed;
  }
  await noReaders(baseUrl);
}

/** Waits until a gateway has forgotten the readers whose connections are gone. */
async function noReaders(baseUrl: string): Promise<void> {
  await vi.waitFor(async () => expect(await readersAt(baseUrl)).toBe(0), { timeout: 10_000 });
}

/** How many readers a gateway says that it has. */
async function readersAt(baseUrl: string): Promise<number> {
  const metrics = await (await fetch(`${baseUrl}/metrics`)).text();
  return Number(/^grok2api_sse_readers\{[^}]*\} (\d+)$/m.exec(metrics)?.[1]);
}

it('a reader that takes nothing from its socket holds up nobody, and finds its end there later', async () => {
  const { system } = on;
  const id = await system.tasks().create('never:done, unread');
  const stalled = await Promise.all(Array.from({ length: 20 }, () => SseReader.open(system.baseUrl, id)));
  for (const reader of stalled) reader.pause();
  const others = await Promise.all(Array.from({ length: 20 }, () => SseReader.open(system.baseUrl, id)));
  await vi.waitFor(() => expect(others.every(({ last }) => (last?.progress ?? 0) > 5)).toBe(true), { timeout: 30_000 });
  await second.tasks().request('DELETE', `/v1/video/tasks/${id}`);
  for (const reader of others) {
    expect(await reader.closed).toBe('ended');
    expect(reader.ends).toEqual(['cancelled']);
  }
  for (const reader of stalled) {
    expect(reader.ends).toEqual([]);
    reader.resume();
    expect(await reader.closed).toBe('ended');
    expect(reader.ends).toEqual(['cancelled']);
    expect(reader.fell).toBe(false);
  }
}, 90_000);

it('SIGTERM to a gateway: its readers are told to connect again, and go on at the other one', async () => {
  const { system } = on;
  const tasks = system.tasks();
  const stopping = await system.startGateway();
  const id = await tasks.create('never:done, other gateway');
  const readers = await Promise.all(Array.from({ length: 100 }, () => SseReader.open(stopping.baseUrl, id)));
  await vi.waitFor(() => expect(readers.every(({ last }) => (last?.progress ?? 0) > 5)).toBe(true), {
    timeout: 30_000,
  });

  const stopped = stopping.stop();
  for (const reader of readers) {
    expect(await reader.closed).toBe('ended');
    expect(reader.ends).toEqual([]);
    expect(reader.retryMs).toBeGreaterThan(0);
  }
  expect(await stopped).toEqual({ code: 0 });

  const again = await Promise.all(
    readers.map(async ({ lastId, last }) => {
      const reader = await SseReader.open(second.baseUrl, id, { 'last-event-id': lastId ?? '' });
      return { reader, seenId: Number(lastId), seenProgress: last?.progress ?? 0 };
    }),
  );
  await vi.waitFor(() => expect(again.every(({ reader }) => reader.first !== undefined)).toBe(true));
  for (const { reader, seenId, seenProgress } of again) {
    expect(reader.first?.type).toBe('snapshot');
    expect(Number(reader.first?.id)).toBeGreaterThanOrEqual(seenId);
    expect(reader.first?.progress).toBeGreaterThanOrEqual(seenProgress);
  }
  await tasks.request('DELETE', `/v1/video/tasks/${id}`);
  for (const { reader } of again) {
    expect(await reader.closed).toBe('ended');
    expect(reader.ends).toEqual(['cancelled']);
  }
}, 90_000);
