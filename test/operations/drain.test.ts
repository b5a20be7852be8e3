import { startNats, startPostgres, type TestNats, type TestServer, TestSystem } from '@grok2api/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { valueIn } from './support/metrics.js';

const WITHIN = { timeout: 20_000 };

let nats: TestNats;
let postgres: TestServer;
let system: TestSystem;
beforeAll(async () => {
  [nats, postgres] = await Promise.all([startNats(), startPostgres()]);
  system = await TestSystem.start({
    env: {
      NATS_URL: nats.url,
      DATABASE_URL: postgres.url,
      CREDENTIAL_MAX_CONCURRENCY: '4',
      SIMULATOR_TOKEN_MS: '40',
      SIMULATOR_VIDEO_MS: '5000',
    },
  });
});
afterAll(async () => {
  await system?.stop();
  await Promise.all([nats?.stop(), postgres?.stop()]);
});

async function opsOf(instance: string): Promise<string> {
  return String((await system.logLine({ instance, msg: 'ops port open' })).url);
}

const statusOf = (url: string) =>
  fetch(url).then(
    ({ status }) => status,
    () => 0,
  );

/** A chat whose answer takes some seconds. */
const longChat = (baseUrl: string) =>
  fetch(`${baseUrl}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'grok-4',
      stream: true,
      messages: [{ role: 'user', content: 'a long story about a dolphin '.repeat(20) }],
    }),
  });

/** How many of the slots of all credentials are granted, as the token pool shows it. */
const granted = async () =>
  valueIn(await (await fetch(`${await opsOf('token-pool')}/metrics`)).text(), 'grok2api_pool_slots', {
    state: 'granted',
  });

describe('a process that is told to stop', () => {
  it('finishes the chats it has, takes no more, and gives its credentials back', async () => {
    const reply = await longChat(system.baseUrl);
    const reader = reply.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = (await reader?.read())?.value ?? '';
    const url = await opsOf('chat');
    const ended = system.logLine({ instance: 'chat', msg: 'stopped' });
    system.kill('chat', 'SIGTERM');
    await expect.poll(() => statusOf(`${url}/readyz`), { ...WITHIN, interval: 20 }).toBe(503);
    expect(await statusOf(`${url}/healthz`)).toBe(200);
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) text += part.value;
    expect(text).toContain('[DONE]');
    await ended;
    // The one that comes in its place serves.
    await system.logLine({ instance: 'chat', msg: 'taking requests' });
    await expect.poll(granted, WITHIN).toBe(0);
    await expect.poll(async () => (await longChat(system.baseUrl)).status, WITHIN).toBe(200);
  });

  it('as a gateway finishes the answers it passes on, while it takes no more connections', async () => {
    const gateway = await system.startGateway();
    const reply = await longChat(gateway.baseUrl);
    const url = await opsOf(gateway.instance);
    expect(await statusOf(`${url}/readyz`)).toBe(200);
    const stopped = gateway.stop();
    await expect.poll(() => statusOf(`${url}/readyz`), { ...WITHIN, interval: 20 }).toBe(503);
    await expect.poll(() => statusOf(`${gateway.baseUrl}/healthz`), WITHIN).toBe(0);
    expect(await reply.text()).toContain('[DONE]');
    expect((await stopped).code).toBe(0);
  });

  it('as a worker hands its task back for the next one to go on with', async () => {
    const tasks = system.tasks();
    const id = await tasks.create('a dolphin');
    await system.logLine({ msg: 'submitted to the upstream', task_id: id });
    const url = await opsOf('video-worker-1');
    system.kill('video-worker-1', 'SIGTERM');
    await expect.poll(() => statusOf(`${url}/readyz`), { ...WITHIN, interval: 20 }).not.toBe(200);
    expect((await tasks.ended(id)).status).toBe('completed');
    await system.logLine({ msg: 'handed back', task_id: id });
    expect(system.logLines({ msg: 'claimed', task_id: id })).toHaveLength(2);
    expect(system.logLines({ msg: 'submitted to the upstream', task_id: id })).toHaveLength(1);
    await expect.poll(granted, WITHIN).toBe(0);
  });

  it('stays ready while its neighbours are away', async () => {
    const urls = await Promise.all(['api-gateway', 'image', 'token-pool'].map(opsOf));
    const lost = system.logLine({ service: 'image', msg: 'connection to NATS lost' });
    await nats.pause();
    await lost;
    expect(await Promise.all(urls.map((url) => statusOf(`${url}/readyz`)))).toEqual([200, 200, 200]);
    await nats.resume();
  });
});
