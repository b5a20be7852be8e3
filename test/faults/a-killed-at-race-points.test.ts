import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestProcess } from '@grok2api/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventsOf, groupBy, type RecordedEvent } from './record/events.js';
import { Experiment } from './record/experiment.js';
import { keepLogOnFailure } from './support/failure-log.js';
import { printFigures } from './support/figures.js';
import { type Random, seededRandom } from './support/random.js';
import { SHORT, scaled } from './support/scale.js';
import { countBy } from './support/task-list.js';

const ROUNDS = scaled(20, 1, 'FAULTS_ROUNDS');
/** Stops take long: others have to wait for the ends of claims, round after round. */
const STOP_ROUNDS = Math.ceil(ROUNDS / 4);
const CLAIM_TTL_MS = 1_500;
/** A process comes to its point the first, second or third time. */
const LATEST_TIME = 3;
const REACHED_WITHIN_MS = 30_000;
const TIMEOUT_MS = 240_000 + ROUNDS * 60_000;
const CREATE_EVERY_MS = 150;
/** How soon another worker has to go on with what a dead one left, once its claim has run out. */
const TAKEN_OVER_WITHIN_MS = 30_000;

const TASK_POINTS = ['after-claim', 'after-intent', 'after-create', 'after-progress', 'before-commit', 'after-commit'];
const CASES = [
  { service: 'video-worker', points: TASK_POINTS, slots: 'VIDEO_WORKER_SLOTS' },
  { service: 'image', points: TASK_POINTS, slots: 'IMAGE_WORKER_SLOTS' },
  {
    service: 'callback-dispatcher',
    points: ['after-claim', 'after-post', 'after-record'],
    slots: 'CALLBACK_CONCURRENCY',
  },
] as const;
type Service = (typeof CASES)[number]['service'];

let experiment: Experiment;
let random: Random;
let tasks = 0;
let victims = 0;
beforeAll(async () => {
  random = seededRandom();
  experiment = await Experiment.start({
    // Who is not killed has few slots, so that most tasks come to those who are.
    env: {
      CLAIM_TTL_MS: String(CLAIM_TTL_MS),
      VIDEO_WORKER_SLOTS: '4',
      IMAGE_WORKER_SLOTS: '4',
      CALLBACK_CONCURRENCY: '1',
      SIMULATOR_VIDEO_MS: '1000',
    },
  });
});
beforeEach(() => keepLogOnFailure(experiment.system));
afterAll(async () => {
  await experiment?.stop();
});

/** A process that kills or stops itself at a point. */
interface Victim {
  point: string;
  process: TestProcess;
}

describe.each(SHORT ? CASES.slice(0, 1) : CASES)('$service', ({ service, points, slots }) => {
  const reached: Record<string, number> = {};

  it(
    `killed at each point, ${ROUNDS} times`,
    async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const killed = await startVictims(service, points, slots, 'kill');
        await createUntil(service, killed, ({ process }) => process.endedBy === 'SIGKILL');
        await experiment.untilAllEnded();
      }
      printFigures({ service, ...reached });
      await verify();
      for (const point of points) expect([point, reached[`${point}:kill`]]).toEqual([point, ROUNDS]);
    },
    TIMEOUT_MS,
  );

  it(
    `stopped at each point until others have ended its tasks, ${STOP_ROUNDS} times`,
    async () => {
      for (let round = 0; round < STOP_ROUNDS; round++) {
        const stopped = await startVictims(service, points, slots, 'stop');
        await createUntil(service, stopped, ({ process }) => process.stopped);
        await experiment.untilAllEnded();
        for (const victim of stopped) victim.process.kill('SIGCONT');
        // They go on with what they had in hand while others work.
        for (let more = 0; more < 3; more++) await createOne(service);
        await experiment.untilAllEnded();
        for (const victim of stopped) expect(await victim.process.stop()).toEqual({ code: 0 });
      }
      printFigures({ service, ...reached });
      await verify();
      for (const point of points) expect([point, reached[`${point}:stop`]]).toEqual([point, STOP_ROUNDS]);
    },
    TIMEOUT_MS,
  );

  /** Makes tasks until each victim is as wanted, and counts those that are. */
  async function createUntil(of: Service, all: readonly Victim[], wanted: (victim: Victim) => boolean) {
    const deadline = Date.now() + REACHED_WITHIN_MS;
    while (!all.every(wanted) && Date.now() < deadline) {
      await createOne(of);
      await sleep(CREATE_EVERY_MS);
    }
    for (const { point, process } of all.filter(wanted)) {
      const name = `${point}:${process.endedBy ? 'kill' : 'stop'}`;
      reached[name] = (reached[name] ?? 0) + 1;
    }
  }
});

/** Starts a process for each point, which kills or stops itself there. */
function startVictims(service: Service, points: readonly string[], slots: string, action: string): Promise<Victim[]> {
  return Promise.all(
    points.map(async (point) => {
      const nth = 1 + random.index(LATEST_TIME);
      const settings: Record<string, string> = { RACE_POINTS: `${point}:${action}@${nth}`, [slots]: '4' };
      if (service === 'callback-dispatcher') {
        const secret = await readFile(join(experiment.system.dataDir, 'callback.secret'), 'utf8');
        settings.CALLBACK_SECRET = secret.trim();
      }
      const name = `${service}-victim-${++victims}`;
      experiment.fault(`${name} is to ${action} itself at its time ${nth} ${point}`);
      return { point, process: await experiment.system.startReplica(service, settings, { name }) };
    }),
  );
}

/** Makes a task that brings the service to its points. */
async function createOne(service: Service): Promise<void> {
  const nth = ++tasks;
  if (service === 'image') await experiment.makeImage(`image ${nth}`, { n: 2 });
  // Every other one is not drawn, which would take the processor from the workers.
  else if (service === 'video-worker') await experiment.makeVideo(`${nth % 2 ? 'video' : 'status:expired'} ${nth}`);
  else {
    // What is cancelled has its callback at once.
    const id = await experiment.makeVideo(`never:done ${nth}`);
    await experiment.system.tasks().request('DELETE', `/v1/video/tasks/${id}`);
  }
}

async function verify(): Promise<void> {
  const record = await experiment.verify();
  const late = takeOverMs(record);
  const codes = countBy(
    eventsOf(record, 'row').filter(({ row }) => row.state === 'failed'),
    ({ row }) => row.errorCode ?? 'none',
  );
  printFigures({ 'taken over': late.length, 'latest after ms': Math.round(Math.max(0, ...late)), ...codes });
  expect(Math.max(0, ...late)).toBeLessThan(TAKEN_OVER_WITHIN_MS);
  // What was asked of the upstream, and not written down, is given up; a task that took three workers down as well.
  const allowed = ['submit_outcome_unknown', 'worker_lost', 'upstream_error'];
  expect(Object.keys(codes).filter((code) => !allowed.includes(code))).toEqual([]);
}

/** How long after the end of a dead worker's claim each of its tasks was claimed again. */
function takeOverMs(record: readonly RecordedEvent[]): number[] {
  return [...groupBy(eventsOf(record, 'row'), ({ task }) => task).values()].flatMap((changes) =>
    changes.flatMap(({ at, row }, index) => {
      const before = changes[index - 1]?.row;
      const taken = before?.claimToken && row.claimToken && row.claimToken !== before.claimToken;
      return taken && before.claimExpiresAt !== null ? [at - before.claimExpiresAt] : [];
    }),
  );
}
