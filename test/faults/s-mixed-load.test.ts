import { setTimeout as sleep } from 'node:timers/promises';
import type { TaskClient } from '@grok2api/testkit';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { Experiment } from './record/experiment.js';
import { keepLogOnFailure } from './support/failure-log.js';
import { printFigures } from './support/figures.js';
import { Levels } from './support/levels.js';
import { scaled } from './support/scale.js';
import { slopePerMinute } from './support/slope.js';
import { countBy } from './support/task-list.js';

const MINUTES = scaled(30, 1, 'FAULTS_SOAK_MINUTES');
const LOOK_EVERY_MS = 5_000;
/** Between two requests of a lane: the load is there all the time, and leaves the machine some air. */
const PAUSE_MS = 300;
const TASK_ENDS_WITHIN_MS = 120_000;
/** Processes load, and fill their pools and caches, meanwhile. */
const WARM_UP = 1 / 3;
/** What may rise over the rest of the run, in all; the slope is measured, its noise is not what is looked for. */
const MOST_RISE: readonly (readonly [of: RegExp, most: number])[] = [
  [/ MB$/, 60],
  [/ descriptors$/, 20],
  [/^subscriptions$/, 20],
  [/^(consumers|streams)$/, 0.5],
  [/^sessions/, 10],
];

let experiment: Experiment;
let levels: Levels;
beforeAll(async () => {
  experiment = await Experiment.start({
    env: { SIMULATOR_VIDEO_MS: '1000', SIMULATOR_IMAGE_MS: '200', SIMULATOR_TOKEN_MS: '5' },
  });
  levels = await Levels.start(experiment);
});
beforeEach(() => keepLogOnFailure(experiment.system));
afterAll(async () => {
  await levels?.stop();
  await experiment?.stop();
});

it(
  `memory, descriptors, subscriptions and consumers level off under mixed load, for ${MINUTES} minutes`,
  async () => {
    const over = Date.now() + MINUTES * 60_000;
    const statuses: string[] = [];
    const lanes = Object.entries(LOAD).map(async ([name, send]) => {
      for (let nth = 0; Date.now() < over; nth++) {
        statuses.push(`${name} ${await send(nth).catch((err: unknown) => String(err))}`);
        await sleep(PAUSE_MS);
      }
    });
    for (; Date.now() < over; await sleep(LOOK_EVERY_MS)) {
      await levels.look();
      await experiment.readUpstream();
    }
    await Promise.all(lanes);
    await levels.look();
    printFigures({ minutes: MINUTES, requests: statuses.length, ...countBy(statuses, String) });

    const rises = [...levels.series(WARM_UP)].map(([name, samples]) => {
      const slope = slopePerMinute(samples);
      const minutes = ((samples.at(-1)?.at ?? 0) - (samples[0]?.at ?? 0)) / 60_000;
      printFigures({
        [name]: `${samples[0]?.value} to ${samples.at(-1)?.value}`,
        'a minute': slope.toFixed(3),
      });
      return { name, rise: slope * minutes };
    });
    for (const { name, rise } of rises) {
      const [, most] = MOST_RISE.find(([of]) => of.test(name)) ?? [];
      expect([name, most !== undefined && rise <= most ? 'level' : `rises by ${rise.toFixed(1)}`]).toEqual([
        name,
        'level',
      ]);
    }
    expect(statuses.filter((status) => !/ (200|accepted|400|left)$/.test(status))).toEqual([]);
    await experiment.verify();
  },
  MINUTES * 60_000 + 300_000,
);

const post = (path: string, body: object, headers: Record<string, string> = {}) =>
  experiment.system.tasks().request('POST', path, body, headers);
const chat = (content: string, more: object = {}) => ({
  model: 'grok-4.3',
  messages: [{ role: 'user', content }],
  ...more,
});

/** Waits for a task's end, so that no more is asked for than is made. */
async function ended(tasks: TaskClient, id: string | undefined): Promise<string> {
  if (id === undefined) return 'refused';
  await tasks.ended(id, TASK_ENDS_WITHIN_MS);
  return 'accepted';
}

async function statusOf(answer: Promise<Response>): Promise<number> {
  const { status, body } = await answer;
  for await (const _chunk of body ?? []);
  return status;
}

/** What is sent all the time, one after the other of each kind. */
const LOAD: Record<string, (nth: number) => Promise<string | number>> = {
  video: async (nth) => {
    const drawn = nth % 4 === 0 ? 'video' : 'status:expired';
    return ended(experiment.system.tasks(), await experiment.makeVideo(`${drawn} ${nth}`));
  },
  image: async (nth) => ended(experiment.system.imageTasks(), await experiment.makeImage(`image ${nth}`)),
  chat: (nth) => statusOf(post('/v1/chat/completions', chat(`tokens:50 ${nth}`))),
  stream: (nth) => statusOf(post('/v1/chat/completions', chat(`tokens:50 ${nth}`, { stream: true }))),
  keyed: (nth) =>
    statusOf(post('/v1/chat/completions', chat('tokens:5'), { 'idempotency-key': `soak ${Math.floor(nth / 2)}` })),
  refused: () => statusOf(post('/v1/video/tasks', { model: 'grok-imagine-1.0-video' })),
  left: async (nth) => {
    const leaving = new AbortController();
    const answer = fetch(`${experiment.system.baseUrl}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(chat(`tokens:2000 pace:10 ${nth}`, { stream: true })),
      signal: leaving.signal,
    });
    await answer;
    leaving.abort();
    return 'left';
  },
};
