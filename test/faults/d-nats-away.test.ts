import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { Experiment } from './record/experiment.js';
import { keepLogOnFailure } from './support/failure-log.js';
import { printFigures } from './support/figures.js';
import { scaled } from './support/scale.js';
import { countBy } from './support/task-list.js';

const AWAY_MS = scaled(30, 5, 'FAULTS_SECONDS') * 1_000;
const CREATE_EVERY_MS = 500;

let experiment: Experiment;
let tasks = 0;
beforeAll(async () => {
  experiment = await Experiment.start({
    videoWorkers: 2,
    env: { VIDEO_WORKER_SLOTS: '4', CLAIM_TTL_MS: '2000', SIMULATOR_VIDEO_MS: '3000' },
  });
});
beforeEach(() => keepLogOnFailure(experiment.system));
afterAll(async () => {
  await experiment?.stop();
});

it.each([
  ['with what it had', false],
  ['with an empty store', true],
])(
  `nats-server is killed, away for ${AWAY_MS / 1_000} s, and back %s`,
  async (name, empty) => {
    const { nats, system } = experiment;
    await create(2_000);
    experiment.fault('NATS is killed');
    await nats.crash();
    if (empty) await nats.wipe();
    await create(AWAY_MS);
    await nats.resume();
    experiment.fault(`NATS is back ${name}`);
    const backAt = Date.now();
    await create(2_000);
    // Everybody has connected again without help.
    for (; (await system.tasks().request('GET', '/health')).status !== 200; await sleep(100));
    const healthyMs = Date.now() - backAt;
    const ended = await experiment.untilAllEnded();
    printFigures({ [`${name}: healthy after ms`]: healthyMs, 'all ended after ms': Date.now() - backAt });
    const ends = countBy(ended.values(), ({ status, error }) => error?.code ?? status);
    expect(ends).toEqual({ completed: ended.size });
    await experiment.verify();
  },
  AWAY_MS + 240_000,
);

/** Makes tasks for a while: all are accepted, NATS or no NATS. */
async function create(ms: number): Promise<void> {
  for (const over = Date.now() + ms; Date.now() < over; await sleep(CREATE_EVERY_MS)) {
    const nth = ++tasks;
    const make = nth % 3 === 0 ? experiment.makeImage(`image ${nth}`) : experiment.makeVideo(`video ${nth}`);
    expect(await make).toBeDefined();
  }
}
