import { type SystemOnServers, startOnServers, type TestGateway } from '@grok2api/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { codeOf, isReplay, newKey, reply, type Sent, send } from './support.js';

const VIDEO_MODEL = 'grok-imagine-1.0-video';

let servers: SystemOnServers;
/** Of the launcher: it lives on. */
let second: { baseUrl: string };
beforeAll(async () => {
  servers = await startOnServers({ env: { SIMULATOR_VIDEO_MS: '4000', SIMULATOR_IMAGE_MS: '50' } });
  second = servers.system;
});
afterEach(() => servers.system.simulator.clearFaults());
afterAll(() => servers?.stop());

const chat = (content: string, more: object = {}): Sent => ({
  path: '/v1/chat/completions',
  body: { model: 'grok-2', messages: [{ role: 'user', content }], ...more },
});
const image = (prompt: string): Sent => ({
  path: '/v1/images/generations',
  body: { prompt, response_format: 'b64_json' },
});

/** How often the upstream was asked for a prompt. */
async function asked(prompt: string): Promise<number> {
  const log = await servers.system.simulator.log({ method: 'POST' });
  return log.filter(({ body }) => JSON.stringify(body).includes(prompt)).length;
}

/** Sends a request to a gateway that is killed once the upstream has been asked. */
async function dieOver(sent: Sent, prompt: string): Promise<void> {
  const gateway: TestGateway = await servers.system.startGateway();
  const lost = send(gateway, sent).then(
    (answer) => answer.text(),
    () => 'lost',
  );
  await expect.poll(() => asked(prompt), { timeout: 10_000 }).toBe(1);
  process.kill(gateway.pid, 'SIGKILL');
  expect(await lost).toBe('lost');
}

describe('a gateway that dies over a request', () => {
  it('is replaced for a chat completion: whoever sends it again waits and has it', async () => {
    const sent = { ...chat('think:3000 甲'), key: newKey() };
    await dieOver(sent, '甲');
    const again = await send(second, sent);
    expect([again.status, isReplay(again)]).toEqual([200, false]);
    expect(await asked('甲')).toBe(2);
    expect(await reply(await send(second, sent))).toMatchObject({ status: 200, body: await again.text() });
  });

  it('is not replaced where a second time would be billed again', async () => {
    const sent = { ...image('slow:3000 乙'), key: newKey() };
    await dieOver(sent, '乙');
    const again = await send(second, sent);
    expect([again.status, await codeOf(again)]).toEqual([409, 'idempotency_outcome_unknown']);
    expect(await asked('乙')).toBe(1);
  });

  it('is replaced for a video by whoever goes on with its task', async () => {
    const sent = { ...chat('丙', { model: VIDEO_MODEL }), key: newKey() };
    await dieOver(sent, '丙');
    const again = await send(second, sent);
    expect(again.status).toBe(200);
    const made = await reply(again);
    expect(made.body).toContain('<video');
    expect(await asked('丙')).toBe(1);
    expect(await reply(await send(second, sent))).toEqual(made);
  });
});

describe('a request that is still worked on', () => {
  it('is waited for, and then refused for the moment', async () => {
    const sent = { ...chat('think:13000 丁'), key: newKey() };
    const first = send(second, sent);
    await expect.poll(() => asked('丁'), { timeout: 10_000 }).toBe(1);
    const begun = Date.now();
    const refused = await send(second, sent);
    expect([refused.status, await codeOf(refused)]).toEqual([409, 'idempotency_in_progress']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Date.now() - begun).toBeGreaterThan(9_000);
    const made = await reply(await first);
    expect(await reply(await send(second, sent))).toEqual(made);
    expect(await asked('丁')).toBe(1);
  });
});

describe('a client that leaves', () => {
  /** Sends a request and leaves once the upstream has been asked. */
  async function leave(sent: Sent, prompt: string): Promise<void> {
    const leaving = new AbortController();
    const left = send(second, { ...sent, signal: leaving.signal }).catch(() => 'left');
    await expect.poll(() => asked(prompt), { timeout: 10_000 }).toBe(1);
    leaving.abort();
    expect(await left).toBe('left');
  }

  it.each<[string, string, Sent]>([
    ['an image', '戊', image('slow:2000 戊')],
    ['a streamed image', '己', { path: '/v1/images/generations', body: { prompt: 'slow:2000 己', stream: true } }],
    ['a video', '庚', chat('庚', { model: VIDEO_MODEL })],
  ])('finds what was paid for under its key: %s', async (_name, prompt, of) => {
    const sent = { ...of, key: newKey() };
    await leave(sent, prompt);
    const again = await send(second, sent);
    expect([again.status, isReplay(again)]).toEqual([200, true]);
    await again.text();
    expect(await asked(prompt)).toBe(1);
  });

  it('ends a chat completion, which is made anew for its key', async () => {
    const sent = { ...chat('think:2000 辛'), key: newKey() };
    await leave(sent, '辛');
    const again = await send(second, sent);
    expect([again.status, isReplay(again)]).toEqual([200, false]);
    expect(await asked('辛')).toBe(2);
  });
});

describe('a gateway that is told to stop', () => {
  it('leaves a video to the next one', async () => {
    const sent = { ...chat('壬', { model: VIDEO_MODEL, stream: true }), key: newKey() };
    const gateway = await servers.system.startGateway();
    const first = send(gateway, sent).then((answer) => answer.text());
    await expect.poll(() => asked('壬'), { timeout: 10_000 }).toBe(1);
    await gateway.stop();
    expect(await first).toContain('service_unavailable');
    const again = await send(second, sent);
    expect(again.status).toBe(200);
    expect(await again.text()).toContain('<video');
    expect(await asked('壬')).toBe(1);
  });
});
