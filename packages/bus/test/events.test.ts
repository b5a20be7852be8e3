import { cancelSubject, progressSubject, type TaskEvent } from '@grok2api/contracts';
import { connect, type NatsConnection } from 'nats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bus } from '../src/index.js';
import { TestBuses, until } from './test-buses.js';

let buses: TestBuses;
let worker: Bus;
let gateway: Bus;
/** Sends what no bus would send. */
let raw: NatsConnection;

beforeAll(async () => {
  buses = await TestBuses.start();
  [worker, gateway] = [await buses.connect(), await buses.connect()];
  const { host, username, password } = new URL(buses.server.url);
  raw = await connect({ servers: host, user: username, pass: password });
});

afterAll(async () => {
  await raw.close();
  await buses.stop();
});

let tasks = 0;

function newId(): string {
  return `task_${(++tasks).toString(16).padStart(32, '0')}`;
}

function event(id: string, version: number): TaskEvent {
  return { id, version, state: 'running', progress: version * 10 };
}

describe('task events', () => {
  it('reach every reader of the task as they were written, in order, and nobody else', async () => {
    const [id, otherId] = [newId(), newId()];
    const seen: TaskEvent[][] = [[], [], []];
    gateway.onTaskEvent(id, (each) => void seen[0]?.push(each));
    worker.onTaskEvent(id, (each) => void seen[1]?.push(each));
    gateway.onTaskEvent(otherId, (each) => void seen[2]?.push(each));
    await Promise.all([gateway.flush(), worker.flush()]);
    const failed: TaskEvent = {
      id,
      version: 3,
      state: 'failed',
      progress: 20,
      error: { code: 'upstream_error', message: '失败' },
    };
    const sent = [event(id, 1), event(id, 2), failed];
    for (const each of sent) worker.publishTaskEvent(each);
    await until(() => seen[0]?.length === 3 && seen[1]?.length === 3);
    expect(seen).toEqual([sent, sent, []]);
  });

  it('stop after unsubscribe', async () => {
    const id = newId();
    const seen: number[] = [];
    const first = gateway.onTaskEvent(id, () => void seen.push(1));
    gateway.onTaskEvent(id, () => void seen.push(2));
    first.unsubscribe();
    await gateway.flush();
    worker.publishTaskEvent(event(id, 1));
    await until(() => seen.length > 0);
    expect(seen).toEqual([2]);
  });

  it('are dropped when they are malformed, and logged', async () => {
    const id = newId();
    const seen: TaskEvent[] = [];
    gateway.onTaskEvent(id, (each) => void seen.push(each));
    await gateway.flush();
    const before = buses.lines.length;
    const malformed = ['', 'no json', '{}', JSON.stringify({ ...event(id, 1), state: 'lost' }), new Uint8Array([0xff])];
    for (const payload of malformed) raw.publish(progressSubject(id), payload);
    raw.publish(progressSubject(id), JSON.stringify(event(id, 2)));
    await until(() => seen.length > 0);
    expect(seen).toEqual([event(id, 2)]);
    const logged = buses.lines.slice(before);
    expect(logged).toHaveLength(malformed.length);
    for (const line of logged) expect(line).toMatchObject({ level: 'warn', msg: 'malformed event' });
  });

  it('go on after one that the handler failed at', async () => {
    const id = newId();
    const seen: number[] = [];
    let reconnects = 0;
    const off = gateway.onReconnect(() => void reconnects++);
    gateway.onTaskEvent(id, ({ version }) => {
      if (version === 1) throw new Error('the handler broke');
      seen.push(version);
    });
    await gateway.flush();
    for (const version of [1, 2]) worker.publishTaskEvent(event(id, version));
    await until(() => seen.length > 0);
    expect(seen).toEqual([2]);
    await gateway.flush();
    expect({ connected: gateway.connected, reconnects }).toEqual({ connected: true, reconnects: 0 });
    expect(buses.lines.at(-1)).toMatchObject({ level: 'error', err: { message: 'the handler broke' } });
    off();
  });
});

describe('a cancel', () => {
  it('reaches the worker of the task alone', async () => {
    const [id, otherId] = [newId(), newId()];
    const cancelled: string[] = [];
    worker.onCancel(otherId, () => void cancelled.push(otherId));
    worker.onCancel(id, () => void cancelled.push(id));
    await worker.flush();
    gateway.publishCancel(id);
    await until(() => cancelled.length > 0);
    raw.publish(cancelSubject(otherId), 'no json');
    gateway.publishCancel(id);
    await until(() => cancelled.length > 1);
    expect(cancelled).toEqual([id, id]);
  });
});
