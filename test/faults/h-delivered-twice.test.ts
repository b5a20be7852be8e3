import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'nats';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { Experiment } from './record/experiment.js';
import { keepLogOnFailure } from './support/failure-log.js';
import { printFigures } from './support/figures.js';
import { scaled } from './support/scale.js';

const TASKS = scaled(60, 15, 'FAULTS_TASKS');
/** Wake-ups for each task, besides its own. */
const SURPLUS = 5;

let experiment: Experiment;
beforeAll(async () => {
  experiment = await Experiment.start({
    videoWorkers: 3,
    env: { VIDEO_WORKER_SLOTS: '8', CLAIM_TTL_MS: '1500', SIMULATOR_VIDEO_MS: '500' },
  });
});
beforeEach(() => keepLogOnFailure(experiment.system));
afterAll(async () => {
  await experiment?.stop();
});

it('wake-ups come several times over, hints of callbacks too: each task is made once, and told under one id', async () => {
  const bus = await connect({ servers: natsServer(), ...natsUser() });
  try {
    for (let nth = 0; nth < TASKS; nth++) {
      const made = nth % 3 === 0 ? experiment.makeImage(`image ${nth}`) : experiment.makeVideo(`video ${nth}`);
      for (let more = 0; more < SURPLUS; more++) {
        for (const subject of ['grok.tasks.video', 'grok.tasks.image']) bus.publish(subject);
        bus.publish('grok.callbacks', '{}');
      }
      await made;
    }
    await bus.flush();
    const ended = await experiment.untilAllEnded();
    printFigures({ tasks: ended.size, 'surplus wake-ups': 2 * TASKS * SURPLUS });
    expect([...ended.values()].map(({ status }) => status)).toEqual([...ended].map(() => 'completed'));
    await experiment.verify();
  } finally {
    await bus.close();
  }
}, 240_000);

it('a lie on the bus about the progress, or the end, of a task changes nothing of what GET says', async () => {
  const bus = await connect({ servers: natsServer(), ...natsUser() });
  try {
    const id = await experiment.makeVideo('lied about');
    const lie = { task_id: id, version: 3, state: 'completed', progress: 100 };
    for (let nth = 0; nth < 10; nth++) {
      bus.publish(`grok.progress.${id}`, 'no JSON');
      bus.publish(`grok.progress.${id}`, JSON.stringify({ ...lie, state: 'nonsense' }));
      await sleep(50);
    }
    await bus.flush();
    await experiment.untilAllEnded();
    await experiment.verify();
  } finally {
    await bus.close();
  }
}, 120_000);

function natsServer(): string {
  return new URL(experiment.nats.url).host;
}

function natsUser(): { user: string; pass: string } {
  const { username, password } = new URL(experiment.nats.url);
  return { user: decodeURIComponent(username), pass: decodeURIComponent(password) };
}
