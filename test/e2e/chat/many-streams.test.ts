import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { residentMb, TestSystem } from '@grok2api/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';

let system: TestSystem;
beforeAll(async () => {
  system = await TestSystem.start({ env: { SIMULATOR_TOKEN_MS: '20' } });
});
afterAll(async () => {
  await system?.stop();
});

const agent = new Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY });

async function open(content: string, id: string): Promise<IncomingMessage> {
  const asked = request(`${system.baseUrl}/v1/chat/completions`, {
    method: 'POST',
    agent,
    headers: { 'content-type': 'application/json', 'x-request-id': id },
  });
  asked.end(JSON.stringify({ model: 'grok-4.3', stream: true, messages: [{ role: 'user', content }] }));
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  return answer;
}

const calls = async (prefix: string) =>
  (await system.simulator.log({ path: '/v1/chat/completions' })).filter(({ x_request_id }) =>
    x_request_id?.startsWith(prefix),
  );

it('500 streams at a time: every frame arrives, none merged, none out of order', async () => {
  const tokens = 40;
  const memory = () => ['api-gateway', 'chat'].map((name) => residentMb(system.pid(name)));
  const before = memory();
  const contents = await Promise.all(
    Array.from({ length: 500 }, async (_, n) => {
      const answer = await open(`tokens:${tokens}`, `many-${n}`);
      expect(answer.statusCode).toBe(200);
      let text = '';
      for await (const bytes of answer.setEncoding('utf8')) text += bytes;
      return text;
    }),
  );
  const whole = Array.from({ length: tokens }, (_, n) => `t${n}`).join(' ');
  let frames = 0;
  for (const text of contents) {
    const events = text.split('\n\n').slice(0, -1);
    expect(events.at(-1)).toBe('data: [DONE]');
    const chunks = events
      .slice(0, -1)
      .map((event) => JSON.parse(event.slice('data: '.length)) as { choices: { delta: { content?: string } }[] });
    expect(
      chunks
        .map(({ choices }) => choices[0]?.delta.content ?? '')
        .join('')
        .trim(),
    ).toBe(whole);
    frames += events.length;
  }
  // To the upstream's frames a role is added for each stream; its usage is not passed on.
  const sent = (await calls('many-')).reduce((sum, call) => sum + (call.frames ?? 0), 0);
  expect(frames).toBe(sent);
  const growth = memory().map((mb, index) => mb - (before[index] ?? 0));
  expect(Math.max(...growth), `grown by ${growth} MB`).toBeLessThan(250);
});

it('a reader that stops reading holds the upstream up, costs little memory, and goes on when it reads again', async () => {
  const memory = () => ['api-gateway', 'chat'].map((name) => residentMb(system.pid(name)));
  const before = memory();
  // Some 20 MB of chunks: more than the sockets on the way take.
  const reader = await open('tokens:100000 pace:0', 'stopped');
  reader.pause();
  const frames = async () => (await calls('stopped'))[0]?.frames ?? 0;
  let last = -1;
  // Until nothing moves any more.
  await expect
    .poll(
      async () => {
        const now = await frames();
        const still = now === last && now > 1_000;
        last = now;
        return still;
      },
      { timeout: 40_000, interval: 700 },
    )
    .toBe(true);
  expect(last).toBeLessThan(80_000);
  const growth = memory().map((mb, index) => mb - (before[index] ?? 0));
  expect(Math.max(...growth), `grown by ${growth} MB`).toBeLessThan(80);
  let text = '';
  for await (const bytes of reader.setEncoding('utf8')) text = (text + bytes).slice(-200);
  expect(text.trimEnd().endsWith('data: [DONE]')).toBe(true);
  expect((await calls('stopped'))[0]).toMatchObject({ ended: 'complete', frames: expect.any(Number) });
});
