import { type SystemOnServers, startOnServers } from '@grok2api/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Chunk, events } from './support/chunks.js';

let servers: SystemOnServers;
beforeAll(async () => {
  servers = await startOnServers({ env: { SIMULATOR_TOKEN_MS: '2' } });
});
afterAll(async () => {
  await servers?.stop();
});

const ask = (content: string, id: string) =>
  servers.system
    .tasks()
    .request(
      'POST',
      '/v1/chat/completions',
      { model: 'grok-4.3', stream: true, messages: [{ role: 'user', content }] },
      { 'x-request-id': id },
    );
const calls = async (id: string) =>
  (await servers.system.simulator.log({ path: '/v1/chat/completions' })).filter(
    ({ x_request_id }) => x_request_id === id,
  );

/** Kills the chat service that the launcher keeps, and any other: the request is in the hands of one of them. */
it('killed in the middle of an answer: the client is told within seconds', async () => {
  const answer = await ask('tokens:100000 pace:20', 'killed-mid-stream');
  const all: (Chunk | '[DONE]')[] = [];
  let killedAt = 0;
  for await (const event of events(answer)) {
    all.push(event);
    if (all.length === 5) {
      servers.system.kill('chat');
      killedAt = Date.now();
    }
  }
  expect(Date.now() - killedAt).toBeLessThan(16_000);
  expect(all).not.toContain('[DONE]');
  expect(all.at(-1)).toMatchObject({ error: { code: 'service_unavailable', type: 'server_error' } });
});

it('killed before the first byte: another one answers, and the client notices nothing', async () => {
  const { system } = servers;
  await system.logLine({ service: 'chat', msg: 'taking requests' });
  const second = await system.startChat();
  // Requests at a time are spread over both; each waits before its first token.
  const answers = Array.from({ length: 12 }, (_, n) => ask('think:3000 tokens:5 pace:0', `killed-before-${n}`));
  await expect
    .poll(
      async () =>
        (await Promise.all(answers.map((_, n) => calls(`killed-before-${n}`)))).every((made) => made.length === 1),
      {
        timeout: 10_000,
      },
    )
    .toBe(true);
  second.kill();
  for (const answer of await Promise.all(answers)) {
    expect(answer.status).toBe(200);
    const text = await answer.text();
    expect(text.trimEnd().endsWith('data: [DONE]')).toBe(true);
  }
  const made = (await Promise.all(answers.map((_, n) => calls(`killed-before-${n}`)))).map((list) => list.length);
  expect(made.some((count) => count === 2)).toBe(true);
  expect(made.some((count) => count === 1)).toBe(true);
  expect(Math.max(...made)).toBe(2);
});

it('told to stop: what it has begun ends well, and it leaves with 0', async () => {
  const { system } = servers;
  const second = await system.startChat();
  const answers = Array.from({ length: 12 }, (_, n) => ask('tokens:40 pace:50', `stopped-${n}`));
  await expect
    .poll(
      async () => (await Promise.all(answers.map((_, n) => calls(`stopped-${n}`)))).every((made) => made.length === 1),
      {
        timeout: 10_000,
      },
    )
    .toBe(true);
  const stopped = second.stop();
  for (const answer of await Promise.all(answers)) expect(await answer.text()).toContain('data: [DONE]');
  expect(await stopped).toEqual({ code: 0 });
});

it('with none at all the client is told to come back', async () => {
  const { system } = servers;
  const ready = () => system.logLines({ service: 'chat', instance: 'chat', msg: 'taking requests' }).length;
  const before = ready();
  system.kill('chat');
  const answer = await ask('hi', 'nobody');
  // The launcher may have been quicker.
  expect([200, 503]).toContain(answer.status);
  if (answer.status === 503) {
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await answer.json()).toMatchObject({ error: { code: 'service_unavailable' } });
  } else await answer.body?.cancel();
  await expect.poll(ready, { timeout: 15_000 }).toBe(before + 1);
  expect((await ask('tokens:1', 'back')).status).toBe(200);
});
