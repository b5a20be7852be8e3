import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { newWebhookSecret } from '@grok2api/contracts';
import { type AnswerCallback, Receiver } from '@grok2api/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SECRET, TestDispatchers, verified } from './test-dispatcher.js';

/** A schedule that has a next time however late an attempt was on a busy machine. */
const EVERY_SECOND = Array.from({ length: 600 }, (_, index) => index * 1_000);

let test: TestDispatchers;
let receiver: Receiver;
let other: Receiver;

beforeAll(async () => {
  test = await TestDispatchers.start();
});

afterAll(() => test.stop());

beforeEach(async () => {
  receiver = await Receiver.start();
  other = await Receiver.start();
});

afterEach(async () => {
  // What hangs is let go, so that the dispatchers can stop.
  await Promise.all([receiver.stop(), other.stop()]);
  await test.empty();
});

const idsOf = ({ received }: Receiver) => received.map(({ headers }) => headers['webhook-id']);

describe('a callback', () => {
  it('is posted once the task has ended, signed, and taken with any 2xx', async () => {
    receiver.answer = (response) => response.writeHead(201, { 'content-length': 10 ** 9 }).write('thanks, and so on');
    const [id] = await test.end(receiver.url('/hook?a=b'));
    test.dispatch();
    expect(await test.settled(id)).toMatchObject({
      state: 'delivered',
      attempts: 1,
      attemptLog: [{ status: 201, error: null, answer: null }],
    });
    const [received, ...more] = receiver.received;
    if (!received) throw new Error('nothing came');
    expect(more).toEqual([]);
    expect(received.path).toBe('/hook?a=b');
    expect(received.headers).toMatchObject({ 'content-type': 'application/json', 'webhook-id': id });
    expect(verified(received)).toMatchObject({
      type: 'video.task.cancelled',
      status: 'cancelled',
      prompt: '0 一只猫 🐈',
      data: { status: 'failed', errorMsg: '任务已取消' },
    });
  });

  it('is posted again after 500 and 500, with the same id and body, and a time and a signature of its own', async () => {
    receiver.answer = (response, _received, nth) => response.writeHead(nth < 3 ? 500 : 200).end('出错了\0');
    const [id] = await test.end(receiver.url());
    test.dispatch({ schedule: EVERY_SECOND });
    const settled = await test.settled(id);
    expect(settled).toMatchObject({ state: 'delivered', attempts: 3 });
    expect(settled.attemptLog.map(({ status, answer }) => [status, answer])).toEqual([
      [500, '出错了\u{fffd}'],
      [500, '出错了\u{fffd}'],
      [200, null],
    ]);
    expect(idsOf(receiver)).toEqual([id, id, id]);
    expect(new Set(receiver.received.map(({ body }) => body)).size).toBe(1);
    for (const received of receiver.received) verified(received);
    for (const { at, headers } of receiver.received) {
      expect(Math.abs(at / 1000 - Number(headers['webhook-timestamp']))).toBeLessThan(2);
    }
  });

  it.each([301, 302, 307, 308])('is not sent where a redirect leads, which is a failure: %i', async (status) => {
    receiver.answer = (response) => response.writeHead(status, { location: other.url() }).end();
    const [id] = await test.end(receiver.url());
    test.dispatch({ schedule: [0] });
    expect(await test.settled(id)).toMatchObject({ state: 'given_up', attemptLog: [{ status }] });
    expect([receiver.connections, other.connections]).toEqual([1, 0]);
  });

  it('ends with 410', async () => {
    receiver.answer = (response) => response.writeHead(410).end('no more');
    const [id] = await test.end(receiver.url());
    test.dispatch();
    const settled = await test.settled(id);
    expect(settled).toMatchObject({ state: 'gone', attempts: 1, attemptLog: [{ status: 410, answer: 'no more' }] });
  });

  it('is attempted again when the receiver hangs, before the headers and within the body of a failure', async () => {
    receiver.answer = (response, _received, nth) => {
      if (nth === 2) response.writeHead(500).write('it went w');
      if (nth === 3) response.writeHead(200).write('the body of a success need not come');
    };
    const [id] = await test.end(receiver.url());
    test.dispatch({ timeoutMs: 400, schedule: EVERY_SECOND });
    expect(await test.settled(id)).toMatchObject({
      state: 'delivered',
      attemptLog: [
        { status: null, error: expect.stringMatching(/^timeout: /), answer: null },
        { status: 500, error: null, answer: 'it went w' },
        { status: 200 },
      ],
    });
    expect(idsOf(receiver)).toEqual([id, id, id]);
  });

  it('may be taken slowly', async () => {
    receiver.answer = async (response) => {
      response.writeHead(200, { 'content-type': 'text/plain' });
      await sleep(1_000);
      response.end('slow');
    };
    const [id] = await test.end(receiver.url());
    test.dispatch({ timeoutMs: 4_000 });
    expect(await test.settled(id)).toMatchObject({ state: 'delivered', attempts: 1 });
  });

  it('tells no more of a long answer than its beginning', async () => {
    receiver.answer = (response) => {
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(10_000)));
      };
      response.writeHead(500).on('drain', more);
      more();
    };
    const [id] = await test.end(receiver.url());
    test.dispatch({ schedule: [0] });
    expect((await test.settled(id)).attemptLog[0]?.answer).toBe('x'.repeat(2_000));
  });

  it('is not sent to an address that is private', async () => {
    const [id] = await test.end(receiver.url());
    test.dispatch({ allow: [], schedule: [0] });
    const { state, attemptLog } = await test.settled(id);
    expect(state).toBe('given_up');
    expect(attemptLog[0]?.error).toMatch(/^blocked_address: /);
    expect(receiver.connections).toBe(0);
  });

  it('is given up after the last attempt of the schedule', async () => {
    receiver.answer = (response) => response.writeHead(503).end();
    const [id] = await test.end(receiver.url());
    test.dispatch({ schedule: [0, 2_500, 6_000] });
    expect(await test.settled(id)).toMatchObject({ state: 'given_up', attempts: 3 });
    await sleep(1_500);
    expect(receiver.received).toHaveLength(3);
  });

  it('is sent again when that is asked for, under the same id, and goes by the schedule', async () => {
    receiver.answer = (response, _received, nth) => response.writeHead(nth === 2 ? 200 : 410).end();
    const [id = ''] = await test.end(receiver.url());
    const dispatcher = test.dispatch();
    expect(await test.settled(id)).toMatchObject({ state: 'gone', attempts: 1 });
    await test.store.callbacks.sendAgain(id);
    dispatcher.wake();
    expect(await test.settled(id)).toMatchObject({ state: 'delivered', attempts: 2 });
    expect(idsOf(receiver)).toEqual([id, id]);
  });

  it('is signed with both secrets while one replaces the other', async () => {
    const previous = newWebhookSecret(randomBytes);
    const [id] = await test.end(receiver.url());
    test.dispatch({ secretsOf: async () => ({ current: SECRET, previous }) });
    await test.settled(id);
    for (const secret of [SECRET, previous]) for (const each of receiver.received) verified(each, secret);
  });

  it('waits, without an attempt, while its secret is not known', async () => {
    const [id] = await test.end(receiver.url());
    let asked = 0;
    const dispatcher = test.dispatch({
      secretsOf: async () => {
        if (asked++ === 0) throw new Error('nobody tells');
        return { current: SECRET };
      },
    });
    while (asked === 0) await sleep(10);
    const putOff = await test.until(id, ({ nextAttemptAt }) => Number(nextAttemptAt) > Date.now() + 1_000);
    expect(putOff).toMatchObject({ state: 'pending', attempts: 0 });
    await test.store.callbacks.sendAgain(id ?? '');
    dispatcher.wake();
    expect(await test.settled(id)).toMatchObject({ state: 'delivered', attempts: 1 });
  });
});

describe('a dispatcher', () => {
  it('delivers at once what it is told of', async () => {
    const dispatcher = test.dispatch({ random: () => 1 });
    // It has looked, and waits.
    await sleep(300);
    const [id] = await test.end(receiver.url());
    const toldAt = Date.now();
    dispatcher.wake();
    await test.settled(id);
    expect((receiver.received[0]?.at ?? 0) - toldAt).toBeLessThan(700);
  });

  it('waits for what is in hand when it is to stop, and takes nothing more', async () => {
    receiver.answer = (response) => setTimeout(() => response.writeHead(200).end(), 500);
    const [first] = await test.end(receiver.url());
    const dispatcher = test.dispatch();
    await receiver.until(1);
    const stopped = dispatcher.stop();
    const [second] = await test.end(receiver.url());
    await stopped;
    expect(await test.store.callbacks.get(first ?? '')).toMatchObject({ state: 'delivered' });
    expect(await test.store.callbacks.get(second ?? '')).toMatchObject({ state: 'pending', attempts: 0 });
  });

  it('writes down what came of an attempt once the database is back', async () => {
    receiver.answer = () => {};
    const [id] = await test.end(receiver.url());
    test.dispatch();
    await receiver.until(1);
    const hanging = receiver.stop();
    await test.postgres.pause();
    await hanging;
    await sleep(700);
    await test.postgres.resume();
    // Others may follow before this one is read.
    const failed = await test.until(id, ({ attempts }) => attempts >= 1);
    expect(failed.attemptLog[0]).toMatchObject({ status: null, error: expect.stringMatching(/^connect_failed: /) });
    receiver = await Receiver.start();
  });

  it('shares the work with others: each callback comes once', async () => {
    const ids = await test.end(...Array.from({ length: 60 }, (_, n) => (n % 2 ? receiver : other).url(`/${n}`)));
    for (let dispatchers = 0; dispatchers < 3; dispatchers++) test.dispatch({ concurrency: 8 });
    await Promise.all(ids.map((id) => test.settled(id)));
    expect([...idsOf(receiver), ...idsOf(other)].sort()).toEqual([...ids].sort());
  });
});

describe('a host that is dead', () => {
  it('does not hold up others, and gets what is left for it when it is back', async () => {
    receiver.answer = () => {};
    const late = await test.end(...Array(40).fill(receiver.url()));
    // More of them than the dispatcher has in hand at a time, and they are due before the others.
    test.dispatch({ concurrency: 10, timeoutMs: 2_000, schedule: EVERY_SECOND });
    await receiver.until(4);
    const prompt = await test.end(...Array(200).fill(other.url()));
    const endedAt = Date.now();
    await other.until(200);
    expect(Date.now() - endedAt).toBeLessThan(15_000);
    await Promise.all(prompt.map((id) => test.settled(id)));
    expect(receiver.mostInFlight).toBeLessThanOrEqual(4);
    expect(receiver.received.length).toBeLessThan(20);
    receiver.answer = (response) => response.writeHead(200).end();
    await Promise.all(late.map((id) => test.settled(id, 50_000)));
    expect(new Set(idsOf(receiver))).toEqual(new Set(late));
  });

  it('is not waited for beyond the last time of what is due for it', async () => {
    const url = receiver.url();
    await receiver.stop();
    const ids = await test.end(...Array(30).fill(url));
    test.dispatch({ schedule: [0, 1_000, 2_000] });
    const settled = await Promise.all(ids.map((id) => test.settled(id, 50_000)));
    expect(new Set(settled.map(({ state }) => state))).toEqual(new Set(['given_up']));
    expect(Math.max(...settled.map(({ attempts }) => attempts))).toBeLessThanOrEqual(3);
    receiver = await Receiver.start();
  });
});

describe('a thousand callbacks at once', () => {
  it('are delivered with no more at a time than allowed, for each host and in all, with memory flat', async () => {
    let inFlight = 0;
    let most = 0;
    const answer: AnswerCallback = (response) => {
      most = Math.max(most, ++inFlight);
      response.on('close', () => inFlight--);
      setTimeout(() => response.writeHead(200).end(), 20);
    };
    const receivers = await Promise.all(Array.from({ length: 8 }, () => Receiver.start(answer)));
    const ids = await test.end(...Array.from({ length: 1_000 }, (_, n) => receivers[n % 8]?.url() ?? ''));
    const before = process.memoryUsage().rss;
    test.dispatch({ concurrency: 16, hostConcurrency: 4 });
    await Promise.all(receivers.map((each) => each.until(125, 60_000)));
    await Promise.all(ids.map((id) => test.settled(id)));
    for (const each of receivers) {
      expect(each.mostInFlight).toBeLessThanOrEqual(4);
      expect(new Set(idsOf(each)).size).toBe(125);
      expect(each.received).toHaveLength(125);
    }
    expect(most).toBeLessThanOrEqual(16);
    expect((process.memoryUsage().rss - before) / 1_000_000).toBeLessThan(150);
    await Promise.all(receivers.map((each) => each.stop()));
  });
});
