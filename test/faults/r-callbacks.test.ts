import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { eventsOf, groupBy } from './record/events.js';
import { Experiment } from './record/experiment.js';
import { keepLogOnFailure } from './support/failure-log.js';
import { printFigures } from './support/figures.js';
import { Killer } from './support/killer.js';
import { type Random, seededRandom } from './support/random.js';
import { scaled } from './support/scale.js';
import { countBy } from './support/task-list.js';

const TASKS = scaled(120, 25, 'FAULTS_TASKS');
/** The last two are none of what is allowed: a redirect is not followed. */
const REFUSALS = [500, 503, 404, 429, 301, 302];

let experiment: Experiment;
let random: Random;
beforeAll(async () => {
  random = seededRandom();
  experiment = await Experiment.start({ env: { SIMULATOR_VIDEO_MS: '200', CALLBACK_TIMEOUT_MS: '1000' } });
});
beforeEach(() => keepLogOnFailure(experiment.system));
afterAll(async () => {
  await experiment?.stop();
});

it(`${TASKS} callbacks to a receiver that refuses, redirects and is late, while the dispatcher is killed: none is lost`, async () => {
  experiment.callbacks.status = (_received, nth) => {
    const kind = random.index(nth === 1 ? 3 : 6);
    if (kind === 0) return REFUSALS[random.index(REFUSALS.length)] ?? 500;
    return kind === 1 ? 'late' : 204;
  };
  const killer = new Killer(experiment.system, ['callback-dispatcher'], random, { least: 300, most: 1_500 });
  for (let nth = 0; nth < TASKS; nth++) {
    const id = await experiment.makeVideo(`never:done ${nth}`);
    if (id !== undefined) await experiment.system.tasks().request('DELETE', `/v1/video/tasks/${id}`);
    await sleep(100);
  }
  await killer.stop();
  experiment.callbacks.status = () => 204;
  const record = await experiment.verify();
  const received = groupBy(eventsOf(record, 'callback'), ({ task }) => task);
  printFigures({
    kills: killer.kills,
    'posted more than once': [...received.values()].filter(({ length }) => length > 1).length,
    'at most': Math.max(...[...received.values()].map(({ length }) => length)),
    ...countBy(eventsOf(record, 'callback'), ({ answered }) => `answered ${answered}`),
  });
  expect(killer.kills).toBeGreaterThan(0);
  expect(received.size).toBe(TASKS);
}, 300_000);

it('one that is gone (410) is posted once', async () => {
  experiment.callbacks.status = ({ body }) => (body.includes('is gone') ? 410 : 204);
  const id = await experiment.video.ask('never:done is gone', { callback_url: experiment.callbacks.url });
  await experiment.system.tasks().request('DELETE', `/v1/video/tasks/${id}`);
  await experiment.system.logLine({ task_id: id, msg: 'a callback is given up' });
  // Others are posted meanwhile, and after the time at which it would have been again.
  for (let nth = 0; nth < 4; nth++) {
    const other = await experiment.makeVideo(`never:done beside ${nth}`);
    await experiment.system.tasks().request('DELETE', `/v1/video/tasks/${other}`);
    await sleep(700);
  }
  const posts = experiment.recorded.filter((event) => event.source === 'callback' && event.task === id);
  expect(posts).toHaveLength(1);
}, 60_000);
