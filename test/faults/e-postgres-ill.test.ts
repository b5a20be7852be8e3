import { setTimeout as sleep } from 'node:timers/promises';
import { TcpRelay } from '@grok2api/testkit';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { Experiment } from './record/experiment.js';
import { keepLogOnFailure } from './support/failure-log.js';
import { printFigures } from './support/figures.js';
import { SHORT } from './support/scale.js';
import { countBy } from './support/task-list.js';

const CREATE_EVERY_MS = 250;
const ILL_MS = SHORT ? 3_000 : 8_000;
/** Longer than a client waits for a create at the most, and its time on a slow machine. */
const ANSWERED_WITHIN_MS = 20_000;

let experiment: Experiment;
let tasks = 0;
beforeAll(async () => {
  experiment = await Experiment.start({
    videoWorkers: 2,
    env: { VIDEO_WORKER_SLOTS: '4', CLAIM_TTL_MS: '2000', SIMULATOR_VIDEO_MS: '2000' },
  });
});
beforeEach(() => keepLogOnFailure(experiment.system));
afterAll(async () => {
  await experiment?.stop();
});

/** Runs statements as an administrator, besides the system; of the server's own database if so wanted. */
async function asAdministrator<Result>(use: (client: Client) => Promise<Result>, database?: string): Promise<Result> {
  const url = new URL(experiment.postgres.url);
  if (database !== undefined) url.pathname = database;
  const client = new Client({ connectionString: url.href });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

const endSessions = () =>
  asAdministrator((client) =>
    client.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = $1',
      ['client backend'],
    ),
  );

it.each<[string, () => Promise<unknown>]>([
  [
    'its sessions are ended again and again',
    async () => {
      for (const over = Date.now() + ILL_MS; Date.now() < over; await sleep(300)) await endSessions();
    },
  ],
  [
    'it takes no more connections',
    async () => {
      const name = new URL(experiment.postgres.url).pathname.slice(1);
      await asAdministrator(async (client) => {
        await client.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
        await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name]);
        await sleep(ILL_MS);
        await client.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
      }, 'postgres');
    },
  ],
  [
    'a lock keeps every writer waiting',
    () =>
      asAdministrator(async (client) => {
        await client.query('BEGIN; LOCK TABLE tasks IN SHARE MODE');
        await sleep(ILL_MS);
        await client.query('COMMIT');
      }),
  ],
  [
    'it stands still',
    async () => {
      await experiment.postgres.freeze();
      await sleep(ILL_MS);
      await experiment.postgres.thaw();
    },
  ],
  [
    'it is killed, and is back after a while',
    async () => {
      await experiment.postgres.crash();
      await sleep(ILL_MS);
      await experiment.postgres.resume();
    },
  ],
])(
  '%s: who is refused is told when to come back, what is accepted is made',
  async (name, makeIll) => {
    const illness = new AbortController();
    const answers: { status: number; retryAfter: string | null; ms: number }[] = [];
    const load = keepCreating(answers, illness.signal);
    await sleep(1_000);
    experiment.fault(name);
    await makeIll();
    experiment.fault(`${name}: over`);
    const wellAt = Date.now();
    await sleep(1_000);
    illness.abort();
    await load;
    await experiment.untilAllEnded();
    printFigures({
      [name]: '',
      ...countBy(answers, ({ status }) => String(status)),
      'slowest answer ms': Math.max(...answers.map(({ ms }) => ms)),
      'all ended after ms': Date.now() - wellAt,
    });
    for (const { status, retryAfter, ms } of answers) {
      expect([200, 503]).toContain(status);
      if (status === 503) expect(Number(retryAfter)).toBeGreaterThan(0);
      expect(ms).toBeLessThan(ANSWERED_WITHIN_MS);
    }
    await experiment.verify();
  },
  240_000,
);

it('the way to it is slow, for the gateway too: it is all slower, and nothing else', async () => {
  const relay = await TcpRelay.start(Number(new URL(experiment.postgres.url).port));
  const { system, postgres } = experiment;
  const gateway = await system.startGateway({ DATABASE_URL: relay.through(postgres.url) });
  relay.delay(100);
  const begun = Date.now();
  const [id] = [await gateway.tasks().create('status:expired, the slow way')];
  printFigures({ 'a create with 100 ms on each way, ms': Date.now() - begun });
  expect((await system.tasks().ended(id)).status).toBe('failed');
  relay.block('there', 'back');
  const cutAt = Date.now();
  const answer = await gateway.tasks().request('POST', '/v1/video/tasks', {
    model: 'grok-imagine-1.0-video',
    prompt: 'status:expired, no way',
  });
  expect(answer.status).toBe(503);
  expect(Date.now() - cutAt).toBeLessThan(2 * ANSWERED_WITHIN_MS);
  relay.heal();
  await gateway.stop();
  await relay.stop();
}, 120_000);

/** Begins a create every while until the signal, whether those before were answered or not. */
async function keepCreating(
  answers: { status: number; retryAfter: string | null; ms: number }[],
  signal: AbortSignal,
): Promise<void> {
  const begun: Promise<void>[] = [];
  for (; !signal.aborted; await sleep(CREATE_EVERY_MS)) begun.push(createOne(answers));
  await Promise.all(begun);
}

async function createOne(answers: { status: number; retryAfter: string | null; ms: number }[]): Promise<void> {
  const begun = Date.now();
  await experiment.video.ask(
    `status:expired ${++tasks}`,
    { callback_url: experiment.callbacks.url },
    {
      onAnswer: ({ status, headers }) =>
        answers.push({ status, retryAfter: headers.get('retry-after'), ms: Date.now() - begun }),
    },
  );
}
