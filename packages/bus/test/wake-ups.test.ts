import type { TaskKind } from '@grok2api/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bus } from '../src/index.js';
import { TestBuses, until } from './test-buses.js';

/** Shorter than the five seconds after which a wake-up that nobody acknowledged comes again. */
const WAIT_MS = 3_000;

let buses: TestBuses;
let gateway: Bus;
let worker: Bus;

beforeEach(async () => {
  buses = await TestBuses.start();
  [gateway, worker] = [await buses.connect(), await buses.connect()];
  // The first look makes the stream.
  expect(await worker.wakeUps.waiting('video')).toBe(0);
});

afterEach(() => buses.stop());

function next(bus: Bus, kind: TaskKind = 'video', waitMs = WAIT_MS): Promise<boolean> {
  return bus.wakeUps.next(kind, waitMs, new AbortController().signal);
}

async function untilWaiting(count: number, kind: TaskKind = 'video'): Promise<void> {
  const deadline = Date.now() + 5_000;
  for (let waiting = -1; waiting !== count; waiting = await worker.wakeUps.waiting(kind)) {
    if (Date.now() > deadline) throw new Error(`${waiting} wake-ups wait instead of ${count}`);
  }
}

describe('wake-ups', () => {
  it('are taken once each, by whoever waits', async () => {
    const other = await buses.connect();
    const waits = [worker, other, worker, other, worker, other].map((bus) => next(bus, 'video', 2_000));
    gateway.wakeUps.send('video', 5);
    const taken = await Promise.all(waits);
    expect(taken.filter((each) => each)).toHaveLength(5);
    await untilWaiting(0);
  });

  it('wait for somebody to take them', async () => {
    gateway.wakeUps.send('video');
    gateway.wakeUps.send('video', 4);
    await untilWaiting(5);
    expect(await Promise.all(Array.from({ length: 5 }, () => next(worker)))).toEqual(Array(5).fill(true));
    await untilWaiting(0);
  });

  it('are of one kind', async () => {
    gateway.wakeUps.send('image', 2);
    await untilWaiting(2, 'image');
    expect(await worker.wakeUps.waiting('video')).toBe(0);
    expect(await next(worker, 'video', 1_000)).toBe(false);
    expect(await next(worker, 'image')).toBe(true);
  });

  it('make nobody wait longer than asked', async () => {
    const begun = performance.now();
    expect(await next(worker, 'video', 1_200)).toBe(false);
    // The server's clock and this one may differ by a little.
    expect(performance.now() - begun).toBeGreaterThan(1_000);
    expect(performance.now() - begun).toBeLessThan(4_000);
  });

  it('take a wait that is no whole number of milliseconds', async () => {
    gateway.wakeUps.send('video');
    expect(await next(worker, 'video', 1_234.567_8)).toBe(true);
  });

  it('end the wait at once when the signal is aborted', async () => {
    const stop = new AbortController();
    const waits = [1, 2, 3].map(() => worker.wakeUps.next('video', 60_000, stop.signal));
    await worker.flush();
    stop.abort();
    expect(await Promise.all(waits)).toEqual([false, false, false]);
    expect(await worker.wakeUps.next('video', 60_000, stop.signal)).toBe(false);
  });

  it('do not go to somebody who waits no more', async () => {
    const leaving = await buses.connect();
    const stop = new AbortController();
    gateway.wakeUps.send('video');
    expect(await leaving.wakeUps.next('video', WAIT_MS, stop.signal)).toBe(true);
    const waits = [1, 2, 3, 4].map(() => leaving.wakeUps.next('video', 60_000, stop.signal));
    await leaving.flush();
    stop.abort();
    await Promise.all(waits);
    waits.push(leaving.wakeUps.next('video', 60_000, stop.signal));
    // As a worker does that hands a task back: its own connection says so, after its end of waiting.
    leaving.wakeUps.send('video');
    expect(await next(worker)).toBe(true);
  });

  it('end the wait at once when the signal is aborted while NATS is away', async () => {
    await buses.server.pause();
    await until(() => !worker.connected);
    const stop = new AbortController();
    const waits = (['video', 'image'] as const).map((kind) => worker.wakeUps.next(kind, 60_000, stop.signal));
    const begun = performance.now();
    stop.abort();
    expect(await Promise.all(waits)).toEqual([false, false]);
    expect(performance.now() - begun).toBeLessThan(1_500);
  });
});
