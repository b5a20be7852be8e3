import { setTimeout as sleep } from 'node:timers/promises';
import { startSimulator, type TestSimulator } from '@grok2api/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { eventsOf } from './record/events.js';
import { Experiment } from './record/experiment.js';
import { keepLogOnFailure } from './support/failure-log.js';
import { printFigures } from './support/figures.js';
import { type Random, seededRandom } from './support/random.js';
import { scaled } from './support/scale.js';
import { countBy } from './support/task-list.js';

const KEYS = Array.from({ length: 5 }, (_, nth) => `xai-fault-key-${nth}`);
const LIMIT = 3;
const SECONDS = scaled(30, 8, 'FAULTS_SECONDS');
const CHAT = '/v1/chat/completions';

let simulator: TestSimulator;
let experiment: Experiment;
let random: Random;
let tasks = 0;
beforeAll(async () => {
  random = seededRandom();
  simulator = await startSimulator({ SIMULATOR_VIDEO_MS: '1500', SIMULATOR_IMAGE_MS: '300', SIMULATOR_TOKEN_MS: '5' });
  experiment = await Experiment.start({
    simulator: simulator.client,
    credentialLimit: LIMIT,
    videoWorkers: 2,
    env: {
      XAI_BASE_URL: simulator.baseUrl,
      XAI_API_KEYS: KEYS.join(','),
      CLAIM_TTL_MS: '2000',
      VIDEO_WORKER_SLOTS: '8',
    },
  });
});
beforeEach(() => keepLogOnFailure(experiment.system));
afterEach(() => simulator.client.clearFaults());
afterAll(async () => {
  await experiment?.stop();
  await simulator?.stop();
});

const rateLimit = (retryAfter?: string) => ({
  status: 429,
  ...(retryAfter === undefined ? {} : { headers: { 'retry-after': retryAfter } }),
  body: { code: 'resource-exhausted', error: 'Too many requests' },
});

const FAULTS = [
  rateLimit(),
  rateLimit('1'),
  { status: 503, body: 'busy' },
  { status: 500, body: { error: 'broken' } },
  { status: 529, body: 'overloaded' },
] as const;

async function chat(content: string, signal?: AbortSignal): Promise<Response> {
  return fetch(`${experiment.system.baseUrl}${CHAT}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'grok-4.3', messages: [{ role: 'user', content }] }),
    ...(signal ? { signal } : {}),
  });
}

it(
  `the upstream refuses at random, and the token pool is killed: counts stay within the limit, for ${SECONDS} s`,
  async () => {
    const { client } = simulator;
    const statuses: number[] = [];
    const chats: Promise<unknown>[] = [];
    for (const over = Date.now() + SECONDS * 1_000; Date.now() < over; await sleep(250)) {
      const nth = ++tasks;
      await (nth % 2 === 0 ? experiment.makeVideo(`video ${nth}`) : experiment.makeImage(`image ${nth}`));
      chats.push(chat(`tokens:20 ${nth}`).then(({ status }) => statuses.push(status)));
      const fault = FAULTS[random.index(FAULTS.length)];
      if (random.index(2) === 0) await client.addFault({ match: { method: 'POST' }, fault });
      if (nth % 20 === 0) {
        experiment.fault('the token pool is killed');
        if (experiment.system.runs('token-pool')) experiment.system.kill('token-pool');
      }
    }
    await client.clearFaults();
    await Promise.all(chats);
    const ended = await experiment.untilAllEnded();
    const highest = Math.max(...(await client.highestConcurrency()).values());
    printFigures({
      'highest at a time of a key': highest,
      ...countBy(statuses, (status) => `chat ${status}`),
      ...countBy(ended.values(), ({ status, error }) => error?.code ?? status),
    });
    expect(highest).toBeLessThanOrEqual(LIMIT);
    expect(statuses.filter((status) => ![200, 429, 502, 503].includes(status))).toEqual([]);
    const record = await experiment.verify();
    expect(eventsOf(record, 'grant').length).toBeGreaterThan(0);
  },
  SECONDS * 1_000 + 240_000,
);

it('all cool down: 429 with the earliest return, and served when it is over; another model is served meanwhile', async () => {
  await settled();
  await simulator.client.addFault({ match: { path: CHAT, model: 'grok-4.3' }, times: null, fault: rateLimit('3') });
  let answer = await chat('tokens:1');
  for (let nth = 0; nth < KEYS.length && answer.status !== 429; nth++) answer = await chat('tokens:1');
  expect(answer.status).toBe(429);
  const retryAfter = Number(answer.headers.get('retry-after'));
  expect(retryAfter).toBeGreaterThan(0);
  expect(retryAfter).toBeLessThanOrEqual(4);
  // The model alone rests.
  expect(await experiment.makeImage('while another model rests')).toBeDefined();
  await simulator.client.clearFaults();
  await expect.poll(async () => (await chat('tokens:1')).status, { timeout: 15_000, interval: 500 }).toBe(200);
  await experiment.verify();
}, 120_000);

it('a client that leaves, and a prompt that is refused, count against nobody', async () => {
  await settled();
  const cooled = () => experiment.system.logLines({ service: 'token-pool', msg: 'cooling' }).length;
  const before = cooled();
  for (let nth = 0; nth < 2 * KEYS.length; nth++) {
    const leaving = new AbortController();
    const left = chat('tokens:1000 pace:20', leaving.signal).catch(() => undefined);
    await sleep(150);
    leaving.abort();
    await left;
    expect((await chat('moderated:chat')).status).toBeGreaterThanOrEqual(400);
  }
  expect((await chat('tokens:1')).status).toBe(200);
  expect(cooled()).toBe(before);
}, 120_000);

it('wrong keys and keys without credits are found out once each, and the last good one serves', async () => {
  await settled();
  const [wrong, second, poor] = KEYS;
  const broke = { status: 402, body: { code: 'insufficient-credits', error: 'no credits left' } };
  const unknown = { status: 401, body: { code: 'unauthenticated', error: 'Incorrect API key provided' } };
  for (const [key, fault] of [
    [wrong, unknown],
    [second, unknown],
    [poor, broke],
  ] as const) {
    await simulator.client.addFault({ match: { key }, times: null, fault });
  }
  const statuses: number[] = [];
  for (let nth = 0; nth < 20; nth++) statuses.push((await chat('tokens:1')).status);
  printFigures(countBy(statuses, (status) => `with three bad keys of five: ${status}`));
  expect(statuses.filter((status) => status !== 200)).toEqual([]);
  await experiment.makeVideo('by a good key');
  expect((await experiment.untilAllEnded()).size).toBeGreaterThan(0);
  await experiment.verify();
}, 120_000);

/** Waits until a chat is served, and no credential rests any more. */
async function settled(): Promise<void> {
  await expect.poll(async () => (await chat('tokens:1')).status, { timeout: 60_000, interval: 500 }).toBe(200);
  const rests = experiment.system
    .logLines({ service: 'token-pool', msg: 'cooling' })
    .map(({ time, cool_for_ms }) => Date.parse(String(time)) + Number(cool_for_ms));
  await sleep(Math.max(0, Math.max(0, ...rests) - Date.now()));
}
