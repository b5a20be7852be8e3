import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Receiver, TestSystem } from '@grok2api/testkit';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { keepLogOnFailure } from './support/failure-log.js';
import { printFigures } from './support/figures.js';

/** The one address that is allowed: from there it goes on to those that are not. */
const ALLOWED = '127.0.0.2';

let canary: Receiver;
let redirects: Server;
let system: TestSystem;
beforeAll(async () => {
  canary = await Receiver.start();
  redirects = createServer((request, response) => {
    const to = decodeURIComponent((request.url ?? '').slice(1));
    // As bytes of UTF-8, which is how clients read it.
    response.writeHead(302, { location: Buffer.from(to).toString('latin1') }).end();
  });
  redirects.listen(0, ALLOWED);
  await once(redirects, 'listening');
  system = await TestSystem.start({
    env: { FETCH_ALLOW: `${ALLOWED}/32`, CALLBACK_SCHEDULE: '0s,1s', SIMULATOR_VIDEO_MS: '200' },
  });
});
beforeEach(() => keepLogOnFailure(system));
afterAll(async () => {
  await system?.stop();
  await canary?.stop();
  redirects?.close();
});

/** The canary, in every way of writing its address, and others where it might be. */
function addresses(): string[] {
  const { port } = new URL(canary.origin);
  const loopback = [
    ...['127.0.0.1', '127.1', '127.0.1', '2130706433', '0x7f000001', '0x7f.0.0.1', '0177.0.0.1', '017700000001'],
    ...['localhost', 'LOCALHOST', 'localhost.', '[::1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[64:ff9b::7f00:1]'],
    ...['0.0.0.0', '0', '[::]', '127.0.0.1.', '①②⑦.0.0.1', '127。0。0。1', 'me@127.0.0.1', 'me:you@127.0.0.1'],
  ].map((host) => `http://${host}:${port}/canary.png`);
  const others = [
    ...['10.0.0.1', '172.16.0.1', '192.168.1.1', '169.254.169.254', '100.64.0.1', '198.18.0.1', '224.0.0.1'],
    ...['255.255.255.255', '[fe80::1]', '[fc00::1]', '[ff02::1]', '[2002:7f00:1::]', '[::ffff:10.0.0.1]'],
  ].map((host) => `http://${host}/canary.png`);
  return [...loopback, ...others];
}

function redirected(to: string): string {
  return `http://${ALLOWED}:${(redirects.address() as AddressInfo).port}/${encodeURIComponent(to)}`;
}

it('image_url leads nowhere inside, written in any way', async () => {
  const outcomes = await Promise.all(addresses().map((url) => outcomeOf({ image_url: url })));
  report('image_url', outcomes);
});

it('image_url leads nowhere inside by a redirect', async () => {
  const outcomes = await Promise.all(addresses().map((url) => outcomeOf({ image_url: redirected(url) })));
  report('image_url, redirected', outcomes);
});

it('callback_url is refused, or leads nowhere, also by a redirect', async () => {
  for (const way of [(url: string) => url, redirected]) {
    const answers = await Promise.all(
      addresses().map(async (url) => {
        const body = { model: 'grok-imagine-1.0-video', prompt: 'status:expired', callback_url: way(url) };
        const answer = await system.tasks().request('POST', '/v1/video/tasks', body);
        expect(answer.status).toBeLessThan(500);
        const { task_id } = (await answer.json()) as { task_id?: string };
        if (task_id !== undefined) await system.tasks().ended(task_id);
        return answer.status;
      }),
    );
    printFigures({
      'callbacks refused at once': answers.filter((status) => status === 400).length,
      of: answers.length,
    });
  }
  // A callback to an address that is not refused at once was attempted by then.
  const { url } = { url: redirected(canary.url()) };
  const id = await system.tasks().create('status:expired', { callback_url: url });
  await system.logLine({ task_id: id, msg: 'an attempt failed' });
  expect(canary.received).toEqual([]);
  expect(canary.connections).toBe(0);
});

/** How a task with this picture ends: refused at once, or failed before the upstream was asked. */
async function outcomeOf(params: { image_url: string }): Promise<string> {
  const prompt = `picture ${params.image_url}`;
  const answer = await system
    .tasks()
    .request('POST', '/v1/video/tasks', { model: 'grok-imagine-1.0-video', prompt, ...params });
  const body = (await answer.json()) as { task_id?: string; error?: { code: string } };
  if (body.task_id === undefined) return `${answer.status} ${body.error?.code}`;
  const { status, error } = await system.tasks().ended(body.task_id, 60_000);
  return `${status} ${error?.code}`;
}

function report(name: string, outcomes: readonly string[]): void {
  const counts = new Map<string, number>();
  for (const outcome of outcomes) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  printFigures({ [name]: outcomes.length, ...Object.fromEntries(counts) });
  for (const outcome of outcomes) expect(outcome).toMatch(/^(400 \w+|failed image_fetch_failed)$/);
  expect(canary.received).toEqual([]);
  expect(canary.connections).toBe(0);
}
