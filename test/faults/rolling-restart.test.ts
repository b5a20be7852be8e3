import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freeLoopbackPort } from '@grok2api/launcher';
import {
  Receiver,
  startNats,
  startPostgres,
  startSimulator,
  TaskClient,
  type TestNats,
  type TestServer,
  type TestSimulator,
  tempDir,
} from '@grok2api/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { BalancedClient } from './support/balanced-client.js';
import { printFigures } from './support/figures.js';
import { Replicas, SERVICES } from './support/replicas.js';
import { countBy, untilNoneIsOpen } from './support/task-list.js';

const ROOT = join(fileURLToPath(import.meta.url), '../../..');
const REQUESTS_PER_SECOND = Number(process.env.FAULTS_REQUESTS_PER_SECOND || 20);
/** Every two seconds one makes a video. The simulator draws each for real, which costs a second of a core: the smallest ones. */
const VIDEO_EVERY = Math.max(8, 2 * REQUESTS_PER_SECOND);
const SMALL = { model: 'grok-imagine-1.0-video', aspect_ratio: '1:1', resolution: '480p', video_length: 6 };
/** An answer of about a second, so that some are under way whenever a process stops. */
const ANSWER = 'tokens:40 pace:25';
const LAST_TOKEN = 't39';

let nats: TestNats;
let postgres: TestServer;
let simulator: TestSimulator;
let receiver: Receiver;
let directory: Awaited<ReturnType<typeof tempDir>>;
let replicas: Replicas;
const client = new BalancedClient();
const ports: Record<string, number> = {};

beforeAll(async () => {
  [nats, postgres, simulator, receiver, directory] = await Promise.all([
    startNats(),
    startPostgres(),
    startSimulator({ SIMULATOR_VIDEO_MS: '1500' }),
    Receiver.start(),
    tempDir(),
  ]);
  for (const migration of ['packages/task-store', 'services/token-pool']) {
    const env = { PATH: process.env.PATH, DATABASE_URL: postgres.url };
    const child = spawn(process.execPath, [join(ROOT, migration, 'dist/migrate-main.js')], { env, stdio: 'ignore' });
    expect(await once(child, 'exit')).toEqual([0, null]);
  }
  replicas = new Replicas({
    NATS_URL: nats.url,
    DATABASE_URL: postgres.url,
    MEDIA_DIR: directory.path,
    FETCH_ALLOW: '127.0.0.0/8',
    XAI_API_KEY: 'simulator-key',
    XAI_BASE_URL: simulator.baseUrl,
    LOG_LEVEL: 'info',
  });
  for (const service of SERVICES)
    for (const instance of [`${service}-1`, `${service}-2`]) await begin(service, instance);
}, 180_000);

afterAll(async () => {
  await replicas?.stopAll();
  await Promise.all([nats?.stop(), postgres?.stop(), simulator?.stop(), receiver?.stop()]);
  await directory?.remove();
});

async function begin(service: string, instance: string): Promise<void> {
  if (service !== 'api-gateway') return replicas.start(service, instance);
  ports[instance] ??= await freeLoopbackPort();
  await replicas.start(service, instance, { PORT: String(ports[instance]) });
  client.add(`http://127.0.0.1:${ports[instance]}`);
}

/** Stops a process as an orchestrator does, and starts another one in its place. */
async function replace(service: string, instance: string): Promise<number> {
  if (service === 'api-gateway') await client.remove(`http://127.0.0.1:${ports[instance]}`);
  const { code, ms } = await replicas.stop(instance);
  expect([instance, code]).toEqual([instance, 0]);
  await begin(service, instance);
  return ms;
}

it('restarts every process of every service one by one under load: no request fails, no task is lost, every callback arrives', async () => {
  const ends = new AbortController();
  const faults: string[] = [];
  const tasks: string[] = [];
  const retries: number[] = [];
  const sent = { chat: 0, stream: 0, video: 0 };

  const one = async (number: number): Promise<void> => {
    const kind = number % VIDEO_EVERY === 0 ? 'video' : number % 2 === 0 ? 'chat' : 'stream';
    sent[kind]++;
    const [path, body] =
      kind === 'video'
        ? ['/v1/video/tasks', { ...SMALL, prompt: `video ${number}`, callback_url: receiver.url() }]
        : [
            '/v1/chat/completions',
            { model: 'grok-2', stream: kind === 'stream', messages: [{ role: 'user', content: ANSWER }] },
          ];
    try {
      const outcome = await client.request('POST', path, body);
      retries.push(outcome.retries);
      if (kind === 'video' && outcome.status === 200) {
        tasks.push(z.object({ task_id: z.string() }).parse(JSON.parse(outcome.body)).task_id);
      }
      const whole = kind === 'video' || (outcome.body.includes(LAST_TOKEN) && !outcome.body.includes('"error"'));
      if (outcome.status !== 200 || !whole) faults.push(`${kind}: ${outcome.status} ${outcome.body.slice(-300)}`);
    } catch (err) {
      faults.push(`${kind}: ${err}`);
    }
  };
  const load = (async () => {
    const running: Promise<void>[] = [];
    const begun = performance.now();
    for (let number = 0; !ends.signal.aborted; number++) {
      running.push(one(number));
      const due = begun + ((number + 1) * 1000) / REQUESTS_PER_SECOND;
      await sleep(Math.max(0, due - performance.now()));
    }
    await Promise.all(running);
    return performance.now() - begun;
  })();

  const stopMs: Record<string, number> = {};
  try {
    for (const service of SERVICES) {
      for (const instance of [`${service}-1`, `${service}-2`]) {
        const ms = await replace(service, instance);
        stopMs[service] = Math.max(stopMs[service] ?? 0, ms);
      }
    }
  } finally {
    ends.abort();
  }
  const loadMs = await load;
  const refused = retries.filter((count) => count > 0).length;
  printFigures({
    'load s': Math.round(loadMs / 1000),
    ...sent,
    'requests a second': (retries.length / (loadMs / 1000)).toFixed(1),
    'tried again after a 503': refused,
    ...Object.fromEntries(Object.entries(stopMs).map(([service, ms]) => [`${service} stops within ms`, ms])),
  });
  expect([countBy(faults, (fault) => fault.slice(0, 9)), faults.slice(0, 5)]).toEqual([{}, []]);

  const all = await untilNoneIsOpen(new TaskClient(`http://127.0.0.1:${ports['api-gateway-1']}`), 120_000);
  const states = countBy(tasks, (id) => all.get(id)?.status ?? 'lost');
  printFigures(Object.fromEntries(Object.entries(states).map(([state, count]) => [`tasks ${state}`, count])));
  expect(states).toEqual({ completed: tasks.length });
  const jobs = countBy(await simulator.client.jobs(), ({ prompt }) => prompt);
  expect(Object.values(jobs).filter((count) => count !== 1)).toEqual([]);
  await receiver.until(tasks.length);
  const told = new Set(receiver.received.map(({ headers }) => headers['webhook-id']));
  expect(told.size).toBe(tasks.length);
}, 600_000);
