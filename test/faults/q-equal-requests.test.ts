import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type TestGateway, TestSystem } from '@grok2api/testkit';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { eventsOf } from './record/events.js';
import { Experiment } from './record/experiment.js';
import { keepLogOnFailure } from './support/failure-log.js';
import { printFigures } from './support/figures.js';
import { type Random, seededRandom } from './support/random.js';
import { scaled } from './support/scale.js';

const EQUAL = 50;
const ROUNDS = scaled(10, 2, 'FAULTS_ROUNDS');

let experiment: Experiment;
let second: TestGateway;
let random: Random;
beforeAll(async () => {
  random = seededRandom();
  experiment = await Experiment.start({
    videoWorkers: 2,
    env: { CLAIM_TTL_MS: '1500', SIMULATOR_VIDEO_MS: '500', SIMULATOR_TOKEN_MS: '2' },
  });
  second = await experiment.system.startGateway();
});
beforeEach(() => keepLogOnFailure(experiment.system));
afterAll(async () => {
  await experiment?.stop();
});

const post = (nth: number, path: string, body: object, key: string) =>
  (nth % 2 === 0 ? experiment.system : second).tasks().request('POST', path, body, { 'idempotency-key': key });

it(
  `${EQUAL} equal requests at once, over two gateways, make one task, ${ROUNDS} times`,
  async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const key = randomUUID();
      // One of them is watched, and told by a callback.
      const first = experiment.makeVideo(`beside equal ones ${round}`);
      const body = {
        model: 'grok-imagine-1.0-video',
        prompt: `equal posts ${round}`,
        aspect_ratio: '1:1',
        resolution: '480p',
        video_length: 6,
      };
      experiment.sent(body.prompt);
      const answers = await Promise.all(
        Array.from({ length: EQUAL }, (_, nth) => post(nth, '/v1/video/tasks', body, key)),
      );
      const texts = await Promise.all(answers.map((answer) => answer.text()));
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
      expect(new Set(texts).size).toBe(1);
      const { task_id } = JSON.parse(texts[0] ?? '') as { task_id: string };
      expect((await experiment.system.tasks().ended(task_id)).status).toBe('completed');
      expect(await experiment.simulator.jobs(body.prompt)).toHaveLength(1);
      await first;
    }
  },
  ROUNDS * 60_000,
);

it(
  'a gateway is killed amid equal requests: those that are sent again have the same task',
  async () => {
    const makers: string[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const gateway = await experiment.system.startGateway();
      const [key, prompt] = [randomUUID(), `killed amid ${round}`];
      const body = {
        model: 'grok-imagine-1.0-video',
        prompt,
        aspect_ratio: '1:1',
        resolution: '480p',
        video_length: 6,
      };
      experiment.sent(prompt);
      const sent = Array.from({ length: 10 }, () =>
        gateway
          .tasks()
          .request('POST', '/v1/video/tasks', body, { 'idempotency-key': key })
          .then(async (answer) => ((await answer.json()) as { task_id: string }).task_id)
          .catch(() => undefined),
      );
      // Before, amid and after the first answer.
      await Promise.race([Promise.race(sent), sleep(random.index(400))]);
      gateway.process.kill();
      const told = new Set((await Promise.all(sent)).filter((id) => id !== undefined));
      const again = await second.tasks().request('POST', '/v1/video/tasks', body, { 'idempotency-key': key });
      expect(again.status).toBe(200);
      const { task_id } = (await again.json()) as { task_id: string };
      // Whoever was told of a task before was told of this one.
      expect([...told].filter((id) => id !== task_id)).toEqual([]);
      makers.push(told.size > 0 ? 'told before' : 'not told before');
      await experiment.system.tasks().ended(task_id);
      expect(await experiment.simulator.jobs(prompt)).toHaveLength(1);
    }
    printFigures({
      rounds: ROUNDS,
      'told before it was killed': makers.filter((each) => each === 'told before').length,
    });
  },
  ROUNDS * 90_000,
);

it('the record of it all has one task, one row and one job for each', async () => {
  const record = await experiment.verify();
  const rows = new Map(eventsOf(record, 'row').map(({ task, row }) => [task, row.prompt]));
  expect(rows.size).toBe(new Set(rows.values()).size);
  expect(rows.size).toBe(3 * ROUNDS);
}, 120_000);

it('the ids of one client are 404 to another, on every route', async () => {
  const keys = await TestSystem.start({
    env: { API_KEYS: 'alice:alice-secret-1,bob:bob-secret-22', SIMULATOR_VIDEO_MS: '300' },
  });
  try {
    const [alice, bob] = [keys.tasks('alice-secret-1'), keys.tasks('bob-secret-22')];
    const id = await alice.create('of alice');
    await alice.ended(id);
    const asked: [string, string][] = [
      ['GET', `/v1/video/tasks/${id}`],
      ['GET', `/v1/video/tasks/${id}/stream`],
      ['DELETE', `/v1/video/tasks/${id}`],
      ['POST', `/v1/video/tasks/${id}/retry`],
      ['GET', `/v1/images/tasks/${id}`],
    ];
    for (const [method, path] of asked)
      expect([method, path, (await bob.request(method, path)).status]).toEqual([method, path, 404]);
    const { count } = (await (await bob.request('DELETE', '/v1/video/tasks', { task_ids: [id] })).json()) as {
      count: number;
    };
    expect(count).toBe(0);
    expect((await alice.get(id)).status).toBe('completed');
  } finally {
    await keys.stop();
  }
}, 60_000);
