import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import {
  type DeployedNats,
  probeVideo,
  Receiver,
  startDeployedNats,
  startPostgres,
  TaskClient,
  type TestServer,
  tempDir,
} from '@grok2api/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = join(fileURLToPath(import.meta.url), '../../..');
const ADMIN_KEY = 'admin-key-of-the-deployed-tests';

let nats: DeployedNats;
let postgres: TestServer;
let directory: Awaited<ReturnType<typeof tempDir>>;
const processes: ChildProcess[] = [];
const lines: string[] = [];

beforeAll(async () => {
  [nats, postgres, directory] = await Promise.all([startDeployedNats(), startPostgres(), tempDir()]);
});
afterAll(async () => {
  for (const each of processes.reverse()) {
    if (each.exitCode !== null) continue;
    each.kill('SIGTERM');
    await once(each, 'exit');
  }
  await Promise.all([nats.stop(), postgres.stop()]);
  await directory.remove();
});

function run(entry: string, env: Record<string, string>): ChildProcess {
  const child = spawn(process.execPath, [join(ROOT, entry)], {
    env: { PATH: process.env.PATH, DATABASE_URL: postgres.url, MEDIA_DIR: directory.path, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.stdout) createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  return child;
}

/** Starts a service as its own user of NATS; resolves to its first line with this message. */
async function start(service: string, message: string, env: Record<string, string>): Promise<Record<string, unknown>> {
  processes.push(run(`services/${service}/dist/main.js`, { NATS_URL: nats.url(service), ...env }));
  const isIt = (line: string) => line.includes(`"service":"${service}"`) && line.includes(`"msg":"${message}"`);
  await expect.poll(() => lines.some(isIt), { timeout: 20_000 }).toBe(true);
  return JSON.parse(lines.find(isIt) ?? '');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

describe('each service as its own user of NATS', () => {
  it('chats, makes an image and a video and calls back, keeps client keys and counts usage, and the server refuses nobody anything', async () => {
    for (const migration of ['packages/task-store', 'services/token-pool']) {
      const [code] = await once(run(`${migration}/dist/migrate-main.js`, {}), 'exit');
      expect(code).toBe(0);
    }
    const simulator = { PORT: '0', DATA_DIR: directory.path, SIMULATOR_VIDEO_MS: '1000', SIMULATOR_IMAGE_MS: '0' };
    const { url } = await start('simulator', 'listening', simulator);
    await start('token-pool', 'ready', {
      CREDENTIALS_KEY: randomBytes(32).toString('base64'),
      XAI_API_KEY: 'simulator-key',
      XAI_BASE_URL: `${url}/v1`,
    });
    await start('chat', 'taking requests', {});
    await start('image', 'taking requests and tasks', {});
    await start('video-worker', 'taking tasks', {});
    const fetchAllow = { FETCH_ALLOW: '127.0.0.0/8' };
    const callbackSecret = `whsec_${randomBytes(32).toString('base64')}`;
    await start('callback-dispatcher', 'delivering callbacks', { CALLBACK_SECRET: callbackSecret, ...fetchAllow });
    const port = await freePort();
    await start('api-gateway', 'listening', { PORT: String(port), ADMIN_KEY, ...fetchAllow });

    const base = `http://127.0.0.1:${port}`;
    const admin = new TaskClient(base, ADMIN_KEY);
    const made = await admin.request('POST', '/admin/api/client-keys', { name: 'x', requests_per_minute: 50 });
    const { id: keyId, secret } = (await made.json()) as { id: string; secret: string };
    expect((await admin.request('POST', `/admin/api/client-keys/${keyId}/webhook-secret`)).status).toBe(200);
    const client = new TaskClient(base, secret);
    const receiver = await Receiver.start();
    const id = await client.create('最小权限', { callback_url: receiver.url() });
    const states: string[] = [];
    for await (const { data } of client.stream(id)) states.push(data.status);
    expect(states.at(-1)).toBe('completed');
    await receiver.until(1);
    await receiver.stop();
    expect(await probeVideo(String((await client.get(id)).video_url))).toMatchObject({ codec: 'h264' });
    const requests = async () => {
      const answer = await client.request('GET', '/v1/usage');
      return ((await answer.json()) as { total: { requests: number } }).total.requests;
    };
    const messages = [{ role: 'user', content: 'tokens:3' }];
    for (const stream of [true, false]) {
      const answer = await client.request('POST', '/v1/chat/completions', { model: 'grok-2', messages, stream });
      expect([answer.status, (await answer.text()).includes('t2')]).toEqual([200, true]);
    }
    expect((await client.request('POST', '/v1/images/generations', { prompt: '最小权限' })).status).toBe(200);
    await expect.poll(requests, { timeout: 5_000 }).toBe(4);
    expect((await fetch(`${base}/health`)).status).toBe(200);
    expect((await admin.request('GET', '/admin/api/credentials')).status).toBe(200);
    expect(lines.filter((line) => /Permissions Violation|NATS reports an error/i.test(line))).toEqual([]);
  });
});
