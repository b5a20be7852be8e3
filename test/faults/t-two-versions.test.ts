import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { eventsOf } from './record/events.js';
import { Experiment } from './record/experiment.js';
import { keepLogOnFailure } from './support/failure-log.js';
import { printFigures } from './support/figures.js';
import { previousVersion, ROOT } from './support/previous-version.js';
import { scaled } from './support/scale.js';
import { countBy } from './support/task-list.js';

const PHASE_MS = scaled(20, 6, 'FAULTS_SECONDS') * 1_000;
const CREATE_EVERY_MS = 300;
const BUILT_WITHIN_MS = 600_000;
const MIGRATIONS = ['packages/task-store/dist/migrate-main.js', 'services/token-pool/dist/migrate-main.js'];

let experiment: Experiment;
let tasks = 0;
beforeAll(async () => {
  experiment = await Experiment.start({
    root: await previousVersion(),
    videoWorkers: 2,
    env: { CLAIM_TTL_MS: '2000', VIDEO_WORKER_SLOTS: '4', SIMULATOR_VIDEO_MS: '1500' },
  });
}, BUILT_WITHIN_MS);
beforeEach(() => keepLogOnFailure(experiment.system));
afterAll(async () => {
  await experiment?.stop();
});

it(
  'the database is migrated under traffic, and both versions work side by side',
  async () => {
    const { system, simulator } = experiment;
    const traffic = new AbortController();
    const load = keepCreating(traffic.signal);
    const chats: Promise<number>[] = [];
    const chat = async (baseUrl: string) => {
      const answer = await fetch(`${baseUrl}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'grok-4.3', messages: [{ role: 'user', content: 'tokens:20' }] }),
      });
      return answer.status;
    };
    await sleep(PHASE_MS / 2);

    experiment.fault('the database is migrated');
    const migratedAt = Date.now();
    for (const program of MIGRATIONS) {
      const env = { PATH: process.env.PATH, DATABASE_URL: experiment.postgres.url };
      await promisify(execFile)(process.execPath, [join(ROOT, program)], { env });
    }
    printFigures({ 'migrated in ms': Date.now() - migratedAt });
    chats.push(chat(system.baseUrl));
    await sleep(PHASE_MS / 2);

    experiment.fault('this version starts beside the other');
    const secret = async (name: string) => (await readFile(join(system.dataDir, name), 'utf8')).trim();
    await system.startReplica('token-pool', {
      CREDENTIALS_KEY: await secret('credentials.key'),
      XAI_API_KEY: 'simulator-key',
      XAI_BASE_URL: `${simulator.url}/v1`,
    });
    await system.startReplica('video-worker');
    await system.startReplica('image');
    await system.startReplica('callback-dispatcher', { CALLBACK_SECRET: await secret('callback.secret') });
    await system.startChat();
    const gateway = await system.startGateway();
    for (const over = Date.now() + PHASE_MS; Date.now() < over; await sleep(CREATE_EVERY_MS)) {
      const [nth, prompt] = [++tasks, `by the new gateway ${tasks}`];
      experiment.sent(prompt);
      if (nth % 2 === 0)
        await gateway.tasks().create(prompt, { aspect_ratio: '1:1', resolution: '480p', video_length: 6 });
      else await gateway.imageTasks().create(prompt);
      chats.push(chat(nth % 2 === 0 ? gateway.baseUrl : system.baseUrl));
    }

    experiment.fault('the other version is told to stop');
    // The launcher starts them again: they come and go beside this version.
    for (const name of ['video-worker-1', 'video-worker-2', 'image', 'callback-dispatcher', 'chat', 'token-pool']) {
      if (system.runs(name)) system.kill(name, 'SIGTERM');
    }
    await sleep(PHASE_MS / 2);
    traffic.abort();
    await load;

    expect(countBy(await Promise.all(chats), String)).toEqual({ 200: chats.length });
    const ended = await experiment.untilAllEnded();
    expect([...ended.values()].map(({ status }) => status)).toEqual([...ended].map(() => 'completed'));
    const record = await experiment.verify();
    const enders = countBy(
      eventsOf(record, 'worker').filter(({ what }) => what === 'completed'),
      ({ worker }) => worker,
    );
    printFigures({ chats: chats.length, ...enders });
    // Of both versions, and of both kinds.
    expect(Object.keys(enders).filter((name) => name.startsWith('video-worker')).length).toBeGreaterThan(2);
    expect(Object.keys(enders).filter((name) => name.startsWith('image'))).toHaveLength(2);
  },
  12 * PHASE_MS + 300_000,
);

/** Asks the gateway of the other version for tasks until the signal: all are accepted. */
async function keepCreating(signal: AbortSignal): Promise<void> {
  for (; !signal.aborted; await sleep(CREATE_EVERY_MS)) {
    const nth = ++tasks;
    const made = nth % 3 === 0 ? experiment.makeImage(`image ${nth}`) : experiment.makeVideo(`video ${nth}`);
    expect(await made).toBeDefined();
  }
}
