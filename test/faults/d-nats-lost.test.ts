import { setTimeout as sleep } from 'node:timers/promises';
import { type SystemOnServers, startOnServers } from '@grok2api/testkit';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { keepLogOnFailure } from './support/failure-log.js';
import { printFigures } from './support/figures.js';
import { SseReader } from './support/sse-reader.js';
import { countBy, createAll, untilNoneIsOpen } from './support/task-list.js';

const SMALL = { aspect_ratio: '1:1', resolution: '480p', video_length: 6 };
const OPEN_TASKS = 100;
const READERS = 10;
const AWAY_MS = 10_000;
const CREATE_EVERY_MS = 200;

let on: SystemOnServers;
beforeAll(async () => {
  on = await startOnServers({ videoWorkers: 2, env: { VIDEO_WORKER_SLOTS: '12', SIMULATOR_VIDEO_MS: '6000' } });
});
beforeEach(() => keepLogOnFailure(on.system));
afterAll(async () => {
  await on?.stop();
});

it('nats-server killed and back with an empty store: all open tasks end, and readers see it', async () => {
  const { system, nats } = on;
  const tasks = system.tasks();
  const prompts = Array.from({ length: OPEN_TASKS }, (_, index) => `empty store ${index + 1}`);
  const ids = await createAll(tasks, prompts, SMALL);
  // Some of those that run and some of those that wait for a slot.
  const every = Math.floor(OPEN_TASKS / READERS);
  const watched = ids.filter((_, index) => index % every === 0);
  const readers = await Promise.all(watched.map((id) => SseReader.open(system.baseUrl, id)));
  await tasks.until(ids[0] ?? '', ({ progress }) => progress > 0);

  await nats.crash();
  const openThen = readers.filter(({ ends }) => ends.length === 0).length;
  await nats.wipe();
  const lostAt = Date.now();
  await nats.resume();
  const all = await untilNoneIsOpen(tasks, 240_000);
  printFigures({ 'empty store: all ended after ms': Date.now() - lostAt, 'readers of open tasks': openThen });

  expect(openThen).toBeGreaterThan(READERS / 2);
  expect(countBy(ids, (id) => all.get(id)?.status ?? 'absent')).toEqual({ completed: OPEN_TASKS });
  for (const reader of readers) {
    expect(await reader.closed).toBe('ended');
    expect(reader.ends).toEqual(['completed']);
    expect(reader.fell).toBe(false);
  }
  const creates = countBy(await system.simulator.jobs(), ({ prompt }) => prompt);
  expect(prompts.map((prompt) => creates[prompt])).toEqual(prompts.map(() => 1));
}, 400_000);

it('NATS away: tasks are accepted meanwhile, and end after it is back', async () => {
  const { system, nats } = on;
  const tasks = system.tasks();
  await nats.pause();
  const awayAt = Date.now();
  const ids: string[] = [];
  let slowestMs = 0;
  while (Date.now() - awayAt < AWAY_MS) {
    const begun = Date.now();
    // Anything but 200 throws.
    ids.push(await tasks.create(`away ${ids.length + 1}`, SMALL));
    slowestMs = Math.max(slowestMs, Date.now() - begun);
    if (ids.length % 10 === 0) expect((await tasks.get(ids[0] ?? '')).status).toMatch(/pending|running|completed/);
    await sleep(CREATE_EVERY_MS);
  }
  await nats.resume();
  const backAt = Date.now();
  const all = await untilNoneIsOpen(tasks, 240_000);
  printFigures({
    'created while away': ids.length,
    'slowest create ms': slowestMs,
    'ended after ms': Date.now() - backAt,
  });
  expect(countBy(ids, (id) => all.get(id)?.status ?? 'absent')).toEqual({ completed: ids.length });
}, 400_000);
