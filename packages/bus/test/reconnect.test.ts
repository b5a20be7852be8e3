import { setTimeout as sleep } from 'node:timers/promises';
import { type TaskEvent, WAKE_UP_STREAM } from '@grok2api/contracts';
import { connect } from 'nats';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Bus, BusTimeoutError } from '../src/index.js';
import { announced, doubleRpc, TestBuses, until } from './test-buses.js';

const ID = `task_${'0'.repeat(32)}`;
const EVENT: TaskEvent = { id: ID, version: 1, state: 'pending', progress: 0 };

let buses: TestBuses;
let gateway: Bus;
let worker: Bus;

beforeEach(async () => {
  buses = await TestBuses.start();
  [gateway, worker] = [await buses.connect(), await buses.connect()];
});

afterEach(() => buses.stop());

/** Resolves when both have reconnected. */
async function reconnected(): Promise<void> {
  await Promise.all(
    [gateway, worker].map(
      (bus) =>
        new Promise<void>((resolve) => {
          const off = bus.onReconnect(() => {
            off();
            resolve();
          });
        }),
    ),
  );
  await Promise.all([gateway.flush(), worker.flush()]);
}

/** An access that is not through our own. */
function connectRaw() {
  const { host, username, password } = new URL(buses.server.url);
  return connect({ servers: host, user: username, pass: password });
}

async function deleteStream(): Promise<void> {
  const raw = await connectRaw();
  await (await raw.jetstreamManager()).streams.delete(WAKE_UP_STREAM);
  await raw.close();
}

function next(waitMs: number): Promise<boolean> {
  return worker.wakeUps.next('video', waitMs, new AbortController().signal);
}

describe('a NATS server that was killed', () => {
  it('makes calls fail fast while it is away', async () => {
    const rpc = doubleRpc();
    await buses.server.pause();
    await until(() => !gateway.connected);
    const begun = performance.now();
    await expect(gateway.call(rpc, { number: 1 }, { timeoutMs: 30_000 })).rejects.toBeInstanceOf(BusTimeoutError);
    expect(await gateway.answers('anything', 30_000)).toBe(false);
    expect(performance.now() - begun).toBeLessThan(5_000);
    gateway.publishTaskEvent(EVENT);
    gateway.wakeUps.send('video');
    expect(await next(1_000)).toBe(false);
    await expect(worker.wakeUps.waiting('video')).rejects.toBeInstanceOf(Error);
  });

  it('serves the same calls, events and cancels when it is back', async () => {
    const rpc = doubleRpc();
    worker.serve(rpc, async ({ number }) => ({ double: number * 2 }));
    await worker.announce(announced('doubling', 'doubling-1'));
    const events: TaskEvent[] = [];
    const cancels: string[] = [];
    gateway.onTaskEvent(ID, (event) => void events.push(event));
    worker.onCancel(ID, () => void cancels.push(ID));
    await Promise.all([gateway.flush(), worker.flush()]);

    const back = reconnected();
    await buses.kill();
    await back;

    expect([gateway.connected, worker.connected]).toEqual([true, true]);
    expect(await gateway.call(rpc, { number: 4 }, { timeoutMs: 10_000 })).toEqual({ double: 8 });
    expect(await gateway.answers('doubling', 5_000)).toBe(true);
    worker.publishTaskEvent(EVENT);
    gateway.publishCancel(ID);
    await until(() => events.length === 1 && cancels.length === 1);
    expect(buses.lines.map(({ msg }) => msg)).toEqual(
      expect.arrayContaining(['connection to NATS lost', 'connected to NATS again']),
    );
  });

  it('calls a reconnect listener until it is removed', async () => {
    let calls = 0;
    const off = gateway.onReconnect(() => void calls++);
    let back = reconnected();
    await buses.kill();
    await back;
    expect(calls).toBe(1);
    off();
    back = reconnected();
    await buses.kill();
    await back;
    expect(calls).toBe(1);
  });

  it('keeps the wake-ups, and wakes those who were waiting', async () => {
    expect(await worker.wakeUps.waiting('video')).toBe(0);
    gateway.wakeUps.send('video', 2);
    await gateway.flush();
    expect(await next(3_000)).toBe(true);
    expect(await next(3_000)).toBe(true);
    const waits = [next(20_000), next(20_000), next(20_000)];
    await worker.flush();

    const back = reconnected();
    await buses.kill();
    await back;

    gateway.wakeUps.send('video', 4);
    expect(await Promise.all(waits)).toEqual([true, true, true]);
    expect(await next(10_000)).toBe(true);
  });

  it('keeps nobody from closing, not even with a request in hand', async () => {
    const rpc = doubleRpc();
    let answer = () => {};
    const running = new Promise<void>((resolve) => {
      worker.serve(rpc, async () => {
        resolve();
        await new Promise<void>((goOn) => {
          answer = goOn;
        });
        return { double: 0 };
      });
    });
    await worker.flush();
    const asked = gateway.call(rpc, { number: 1 }, { timeoutMs: 1_000 }).catch((err: unknown) => err);
    await running;
    await buses.server.pause();
    await until(() => !worker.connected);
    await worker.close();
    // An answer that reaches nobody any more is no fault of the process.
    answer();
    expect(await asked).toBeInstanceOf(BusTimeoutError);
  });
});

describe('a NATS server whose store was emptied', () => {
  it('has wake-ups again when somebody waits for one', async () => {
    expect(await worker.wakeUps.waiting('video')).toBe(0);
    await deleteStream();
    expect(await next(1_000)).toBe(false);
    await expectWoken(next(5_000));
  });

  it('has wake-ups again when a wait found nobody, and was told nothing', async () => {
    expect(await worker.wakeUps.waiting('video')).toBe(0);
    const raw = await connectRaw();
    // Who hears a pull keeps the server from refusing it.
    const created: string[] = [];
    raw.subscribe('$JS.API.CONSUMER.MSG.NEXT.>');
    raw.subscribe('$JS.API.CONSUMER.>', {
      callback: (_err, { subject }) => void (/\.(DURABLE\.)?CREATE\./.test(subject) && created.push(subject)),
    });
    await raw.flush();
    expect(await next(1_000)).toBe(false);
    expect(created).toEqual([]);
    await deleteStream();
    expect(await next(1_000)).toBe(false);
    await expectWoken(next(5_000));
    expect(created).toHaveLength(1);
    await raw.close();
  });

  it('has wake-ups again when somebody counts them', async () => {
    expect(await worker.wakeUps.waiting('video')).toBe(0);
    await deleteStream();
    await expect(worker.wakeUps.waiting('video')).rejects.toBeInstanceOf(Error);
    expect(await worker.wakeUps.waiting('video')).toBe(0);
    gateway.wakeUps.send('video');
    expect(await next(3_000)).toBe(true);
  });

  it('has them again after a kill, too', async () => {
    expect(await worker.wakeUps.waiting('video')).toBe(0);
    await deleteStream();
    const waiting = next(1_000);
    const back = reconnected();
    await buses.kill();
    await back;
    expect(await waiting).toBe(false);
    await expectWoken(next(5_000));
  });

  // What is sent before the waiting process has made the stream anew is lost.
  async function expectWoken(waiting: Promise<boolean>): Promise<void> {
    let over = false;
    const woken = waiting.finally(() => {
      over = true;
    });
    while (!over) {
      gateway.wakeUps.send('video');
      await sleep(20);
    }
    expect(await woken).toBe(true);
  }
});
