import { type SystemOnServers, startOnServers } from '@grok2api/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ReplyCheck } from './support/reply-check.js';

const POLL = { timeout: 20_000 };

let servers: SystemOnServers;
const replies = new ReplyCheck(() => servers.system.baseUrl);
const check = replies.check.bind(replies);

beforeAll(async () => {
  servers = await startOnServers({});
});
afterAll(async () => {
  await servers?.stop();
});

it('replies about the health are as described while a part does not answer', async () => {
  await check('getHealth', 200);
  servers.system.kill('chat', 'SIGSTOP');
  try {
    await expect
      .poll(() => check('getHealth', 503).then(JSON.parse), POLL)
      .toMatchObject({
        status: 'degraded',
        services: { chat: 'down', image: 'ok' },
      });
  } finally {
    servers.system.kill('chat', 'SIGCONT');
  }
  await check('getReadiness', 200);
});

it('replies without NATS are as described', async () => {
  await servers.nats.pause();
  await expect.poll(() => check('getHealth', 503), POLL).toContain('down');
  // This process can work: that NATS cannot is no reason to take it out of service.
  await check('getReadiness', 200);
  await check('getLiveness', 200);
  await check('createChatCompletion', 503, { body: { model: 'grok-2', messages: [{ role: 'user', content: 'x' }] } });
  await check('createImage', 503, { body: { prompt: 'x' } });
  await servers.nats.resume();
  await expect.poll(() => check('getHealth', 200), POLL).toContain('ok');
});

it('a gateway is not ready before it knows which keys there are', async () => {
  servers.system.kill('token-pool', 'SIGSTOP');
  try {
    servers.system.kill('api-gateway');
    await expect.poll(() => check('getReadiness', 503), POLL).toContain('not ready');
  } finally {
    servers.system.kill('token-pool', 'SIGCONT');
  }
  await expect.poll(() => check('getReadiness', 200), POLL).toContain('ok');
});

it('replies without Postgres are as described', async () => {
  await servers.postgres.pause();
  const body = { model: 'grok-imagine-1.0-video', prompt: 'x' };
  await Promise.all([
    check('createVideoTask', 503, { body }),
    check('createVideoGeneration', 503, { body }),
    check('createImageTask', 503, { body: { model: 'grok-imagine-1.0', prompt: 'x' } }),
    ...['listVideoTasks', 'listImageTasks', 'deleteAllVideoTasks', 'getHealth'].map((of) => check(of, 503)),
    check('getVideoTask', 503, { params: { task_id: `task_${'0'.repeat(32)}` } }),
  ]);
  await servers.postgres.resume();
  await expect.poll(() => check('listVideoTasks', 200), POLL).toContain('"total":0');
});
