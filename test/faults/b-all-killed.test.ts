import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { Experiment } from './record/experiment.js';
import { keepLogOnFailure } from './support/failure-log.js';
import { printFigures } from './support/figures.js';
import { Killer } from './support/killer.js';
import { type Random, seededRandom } from './support/random.js';
import { scaled } from './support/scale.js';
import { countBy } from './support/task-list.js';

const SECONDS = scaled(40, 8, 'FAULTS_SECONDS');
/** For how long there is no worker. */
const AWAY_MS = 8_000;
const KILL_EVERY_MS = 200;
const CREATE_EVERY_MS = 400;
const WORKERS = ['video-worker-1', 'video-worker-2', 'video-worker-3', 'image'];
const EVERYBODY = [...WORKERS, 'token-pool', 'callback-dispatcher', 'chat', 'api-gateway'];

let experiment: Experiment;
let random: Random;
let tasks = 0;
beforeAll(async () => {
  random = seededRandom();
  experiment = await Experiment.start({
    videoWorkers: 3,
    credentialLimit: 6,
    env: { CLAIM_TTL_MS: '1500', VIDEO_WORKER_SLOTS: '4', SIMULATOR_VIDEO_MS: '3000' },
  });
});
beforeEach(() => keepLogOnFailure(experiment.system));
afterAll(async () => {
  await experiment?.stop();
});

it('every worker is killed, and there is none for a while: what was asked for is made when they are back', async () => {
  for (let nth = 0; nth < 12; nth++) await createOne();
  await experiment.system.logLine({ msg: 'submitted to the upstream' });
  experiment.fault('no worker');
  const back = Date.now() + AWAY_MS;
  let kills = 0;
  for (; Date.now() < back; await sleep(KILL_EVERY_MS)) {
    for (const name of WORKERS.filter((each) => experiment.system.runs(each))) {
      experiment.system.kill(name);
      kills++;
    }
    await createOne();
  }
  experiment.fault('workers are back');
  const ended = await experiment.untilAllEnded();
  printFigures({ kills, ...countBy(ended.values(), ({ status, error }) => error?.code ?? status) });
  await experiment.verify();
}, 300_000);

it(
  `every process is killed at random, for ${SECONDS} s: nothing is lost, nothing twice`,
  async () => {
    const killer = new Killer(experiment.system, EVERYBODY, random, { least: 2_000, most: 9_000 });
    const over = Date.now() + SECONDS * 1_000;
    for (; Date.now() < over; await sleep(CREATE_EVERY_MS)) await createOne();
    await killer.stop();
    const ended = await experiment.untilAllEnded();
    printFigures({ kills: killer.kills, ...countBy(ended.values(), ({ status, error }) => error?.code ?? status) });
    expect(killer.kills).toBeGreaterThan(SECONDS / 4);
    await experiment.verify();
  },
  SECONDS * 1_000 + 300_000,
);

async function createOne(): Promise<void> {
  const nth = ++tasks;
  if (nth % 3 === 0) await experiment.makeImage(`image ${nth}`, { n: 1 });
  else await experiment.makeVideo(`video ${nth}`);
}
