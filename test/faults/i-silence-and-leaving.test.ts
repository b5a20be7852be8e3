import { TestSystem } from '@grok2api/testkit';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { keepLogOnFailure } from './support/failure-log.js';
import { printFigures } from './support/figures.js';

const CHATS = 20;
const ABORTED_WITHIN_MS = 1_000;
const PING_WITHIN_MS = 15_000;
/** What a timer of a busy machine may be late. */
const LATE_MS = 1_000;

let system: TestSystem;
beforeAll(async () => {
  system = await TestSystem.start({ env: { VIDEO_WORKER_SLOTS: '1' } });
});
beforeEach(() => keepLogOnFailure(system));
afterAll(async () => {
  await system?.stop();
});

it(`${CHATS} readers of chats leave: each call at the upstream is closed within a second`, async () => {
  const leaving = new AbortController();
  const calls = () => system.simulator.log({ path: '/v1/chat/completions' });
  const readers = Array.from({ length: CHATS }, async (_, nth) => {
    const answer = await fetch(`${system.baseUrl}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'grok-4.3',
        stream: true,
        messages: [{ role: 'user', content: `tokens:100000 pace:50 ${nth}` }],
      }),
      signal: leaving.signal,
    });
    await answer.text().catch(() => {
      // It left.
    });
  });
  await expect
    .poll(async () => (await calls()).filter(({ frames }) => (frames ?? 0) > 2).length, { timeout: 20_000 })
    .toBe(CHATS);
  const leftAt = Date.now();
  leaving.abort();
  await Promise.all(readers);
  await expect
    .poll(async () => (await calls()).filter(({ ended }) => ended === 'client_closed').length, { timeout: 10_000 })
    .toBe(CHATS);
  const lateMs = (await calls()).map(({ closed_at }) => Date.parse(String(closed_at)) - leftAt);
  printFigures({ 'closed at the upstream after ms, at most': Math.max(...lateMs) });
  expect(Math.max(...lateMs)).toBeLessThan(ABORTED_WITHIN_MS);
}, 60_000);

it('a reader of a task in which nothing happens hears a ping within 15 s, and is forgotten when it leaves', async () => {
  const tasks = system.tasks();
  const blocker = await tasks.create('never:done blocker');
  await tasks.until(blocker, ({ status }) => status === 'running');
  const waiting = await tasks.create('never:done waiting');
  const leaving = new AbortController();
  const answer = await fetch(`${system.baseUrl}/v1/video/tasks/${waiting}/stream`, { signal: leaving.signal });
  let last = Date.now();
  let longest = 0;
  const heard: string[] = [];
  for await (const chunk of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    longest = Math.max(longest, Date.now() - last);
    last = Date.now();
    heard.push(chunk);
    // The snapshot, and two pings.
    if (heard.length >= 3) break;
  }
  leaving.abort();
  printFigures({ 'longest silence ms': longest });
  expect(longest).toBeLessThan(PING_WITHIN_MS + LATE_MS);
  await expect
    .poll(async () => await (await fetch(`${system.baseUrl}/metrics`)).text(), { timeout: 5_000 })
    .toMatch(/^grok2api_sse_readers\{[^}]*\} 0$/m);
}, 60_000);
