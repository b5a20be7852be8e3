import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { type TaskBody, TaskClient } from '@grok2api/testkit';
import { afterAll, beforeAll, beforeEach, expect, it, onTestFailed } from 'vitest';
import { z } from 'zod';
import { Compose } from './support/compose.js';

const SERVICES = ['api-gateway', 'callback-dispatcher', 'chat', 'image', 'simulator', 'token-pool', 'video-worker'];
const SERVERS = ['nats', 'postgres', 'proxy'];
const BASE_IMAGE = 'node:24-bookworm-slim';
const MB = 1_000_000;
const MOST_OVER_BASE_MB = 100;
const VIDEO_MS = 8_000;

let system: Compose;
let client: TaskClient;
beforeAll(async () => {
  system = await Compose.prepare({
    SIMULATOR_VIDEO_MS: String(VIDEO_MS),
    CLAIM_TTL_MS: '3000',
    VIDEO_WORKER_SLOTS: '2',
  });
  await system.compose('build');
  await system.compose('up', '--detach', '--wait');
  client = new TaskClient(system.baseUrl);
});
beforeEach(() => {
  onTestFailed(async () => {
    const lines = (await system.lines(...SERVICES)).filter(({ level }) => level !== 'info');
    process.stdout.write(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  });
});
afterAll(() => system?.remove());

async function post(path: string, body: object | FormData): Promise<Response> {
  if (!(body instanceof FormData)) return client.request('POST', path, body);
  return fetch(system.baseUrl + path, { method: 'POST', body });
}

async function json(answer: Response): Promise<Record<string, unknown>> {
  const text = await answer.text();
  expect([answer.status, text]).toEqual([200, expect.anything()]);
  return JSON.parse(text);
}

/** How often the upstream was asked for the video of each of these tasks. */
async function jobsOf(tasks: readonly TaskBody[]): Promise<number[]> {
  const { jobs } = (await system.inside('simulator', 'http://127.0.0.1:8080/_simulator/jobs')) as {
    jobs: { prompt: string }[];
  };
  return tasks.map((task) => jobs.filter(({ prompt }) => prompt.startsWith(String(task.prompt))).length);
}

it('is all healthy, and each image is small', async () => {
  const states = await system.states();
  const migrate = states.filter(({ service }) => service === 'migrate');
  const others = states.filter(({ service }) => service !== 'migrate');
  expect(migrate.map(({ state, exitCode }) => [state, exitCode])).toEqual([['exited', 0]]);
  expect(others.map(({ service, state, health }) => [service, state, health]).sort()).toEqual(
    [...SERVICES, ...SERVERS].sort().map((service) => [service, 'running', 'healthy']),
  );

  const size = async (image: string) =>
    Number(await system.docker('image', 'inspect', '--format', '{{.Size}}', image)) / MB;
  const base = await size(BASE_IMAGE);
  for (const service of [...SERVICES, 'migrate', 'proxy']) {
    const over = Math.round((await size(`grok2api-test-${service}`)) - base);
    expect([service, over, over <= MOST_OVER_BASE_MB]).toEqual([service, over, true]);
  }
});

it('runs as nobody, writes nowhere but into its volumes, and shows no secret in its environment', async () => {
  for (const service of [...SERVICES, 'proxy']) {
    const [id = ''] = await system.containers(service);
    const [facts] = JSON.parse(await system.docker('inspect', id));
    expect([service, facts.Config.User, facts.HostConfig.ReadonlyRootfs]).toEqual([service, 'node', true]);
    expect(facts.HostConfig.Memory).toBeGreaterThan(0);
    const secret = facts.Config.Env.filter((entry: string) =>
      /(?:KEYS?|SECRET|PASSWORD|DATABASE_URL|NATS_URL)=./.test(entry),
    );
    expect([service, secret]).toEqual([service, []]);
  }
});

it('chats, whole and streamed, through the proxy', async () => {
  const messages = [{ role: 'user', content: '你好，请介绍一下你自己' }];
  const whole = await json(await post('/chat/completions', { model: 'grok-2', messages }));
  expect(whole).toMatchObject({ object: 'chat.completion' });

  const streamed = await post('/v1/chat/completions', { model: 'grok-2', messages, stream: true });
  const arrivals: number[] = [];
  let text = '';
  for await (const piece of streamed.body ?? []) {
    arrivals.push(performance.now());
    text += Buffer.from(piece).toString();
  }
  expect(text).toContain('data: [DONE]');
  // Each piece came as it was made: nothing held them back.
  expect(arrivals.length).toBeGreaterThan(10);
  expect((arrivals.at(-1) ?? 0) - (arrivals[0] ?? 0)).toBeGreaterThan(200);
});

it('makes and edits images, and takes uploads', async () => {
  const made = await json(
    await post('/images/generations', { prompt: '一只在太空中的宇航员', n: 1, response_format: 'url' }),
  );
  const [{ url }] = z.tuple([z.object({ url: z.string() })]).parse(made.data);
  expect(url.startsWith(`${system.baseUrl}/v1/files/`)).toBe(true);
  const picture = await (await fetch(url)).blob();
  expect(picture.type).toMatch(/^image\//);

  const edit = new FormData();
  edit.set('prompt', '给图片添加一个蓝色的天空');
  edit.set('image', picture, 'picture.jpg');
  expect((await json(await post('/images/edits', edit))).data).toHaveLength(1);

  const upload = new FormData();
  upload.set('file', picture, 'picture.jpg');
  expect(await json(await post('/v1/video/upload', upload))).toMatchObject({
    image_url: expect.stringContaining('/v1/files/'),
  });
});

it('makes a video, and shows its steps as they come', async () => {
  const id = await client.create('一只海豚在海洋中跳跃', {
    aspect_ratio: '16:9',
    video_length: 6,
    resolution: '480p',
    preset: 'normal',
  });
  const steps: { status: string; at: number }[] = [];
  for await (const { data } of client.stream(id)) steps.push({ status: data.status, at: performance.now() });
  expect(steps.at(-1)?.status).toBe('completed');
  expect((steps.at(-1)?.at ?? 0) - (steps[0]?.at ?? 0)).toBeGreaterThan(VIDEO_MS / 2);
  const { video_url } = await client.get(id);
  const video = await fetch(String(video_url), { headers: { range: 'bytes=0-99' } });
  expect([video.status, video.headers.get('content-type')]).toEqual([206, 'video/mp4']);
});

it('scales to three workers and two gateways; a worker that is killed mid-task costs no task and no second video', async () => {
  await system.compose('up', '--detach', '--wait', '--scale', 'video-worker=3', '--scale', 'api-gateway=2');
  expect(await system.containers('video-worker')).toHaveLength(3);

  const ids = await Promise.all(
    Array.from({ length: 6 }, () => client.create(`视频 ${randomUUID()}`, { video_length: 6 })),
  );
  for (const id of ids) await client.until(id, ({ status, progress }) => status === 'running' && progress > 0);
  const lines = await system.lines('video-worker');
  const holder = lines.findLast(({ msg, task_id }) => msg === 'claimed' && task_id === ids[0])?.instance;
  const killed = (await system.containers('video-worker')).find((id) => String(holder).includes(id.slice(0, 12)));
  expect(killed).toBeDefined();
  await system.docker('kill', '--signal', 'KILL', String(killed));

  const tasks = await Promise.all(ids.map((id) => client.ended(id, 120_000)));
  expect(tasks.map(({ status }) => status)).toEqual(ids.map(() => 'completed'));
  expect(await jobsOf(tasks)).toEqual(ids.map(() => 1));
  const ends = (await system.lines('video-worker')).filter(({ msg }) => msg === 'completed');
  expect(ids.map((id) => ends.filter(({ task_id }) => task_id === id).length)).toEqual(ids.map(() => 1));
  const answered = new Set(
    (await system.lines('api-gateway')).filter(({ status }) => status !== undefined).map(({ instance }) => instance),
  );
  expect(answered.size).toBe(2);
});

it('goes on through the proxy while a gateway is taken away', async () => {
  const [one = ''] = await system.containers('api-gateway');
  const stopped = system.docker('stop', one);
  const statuses = new Set<number>();
  let over = false;
  void stopped.then(() => {
    over = true;
  });
  while (!over) statuses.add((await client.request('GET', '/v1/models')).status);
  await stopped;
  expect([...statuses]).toEqual([200]);
});

it('is backed up and restored, with NATS begun anew from the database', async () => {
  const file = join(system.directory, 'backup');
  const ended = await client.create('之前');
  const before = await client.ended(ended);
  const open = await client.create('在备份时排队的');
  await system.script('backup.sh', file);
  expect(statSync(file).mode & 0o077).toBe(0);
  const after = await client.create('之后');

  await system.script('restore.sh', file);
  expect(await client.get(ended)).toEqual(before);
  expect((await client.request('GET', `/v1/video/tasks/${after}`)).status).toBe(404);
  // Its wake-up was in the store that is gone.
  expect((await client.ended(open, 120_000)).status).toBe('completed');
  expect((await json(await client.request('GET', '/health'))).status).toBe('ok');
}, 600_000);
