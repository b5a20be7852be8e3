import { type LogLevel, logLevelOf, metricsOf } from '@grok2api/contracts';
import { Metrics } from '@grok2api/service-kit';
import { connect, type NatsConnection, RequestStrategy, type ServiceInfo, type ServiceStats } from 'nats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Bus, busMetrics } from '../src/index.js';
import { announced, doubleRpc, TestBuses, until } from './test-buses.js';

const CALL = { timeoutMs: 2_000 };

let buses: TestBuses;
let operator: NatsConnection;
beforeAll(async () => {
  buses = await TestBuses.start();
  const { host, username, password } = new URL(buses.server.url);
  operator = await connect({ servers: host, user: username, pass: password });
});
afterAll(async () => {
  await operator?.close();
  await buses?.stop();
});

const ask = async <Reply>(subject: string): Promise<Reply> => {
  const reply = await operator.request(subject, undefined, { timeout: 2_000 });
  return reply.json<Reply>();
};

describe('the NATS services protocol', () => {
  it('shows a process with what it answers, and how often that has failed', async () => {
    const rpc = doubleRpc();
    const { service, subject } = rpc;
    const [bus, client] = [await buses.connect(), await buses.connect()];
    bus.serve(rpc, async ({ number }) => {
      if (number < 0) throw new TypeError('too small');
      return { double: number * 2 };
    });
    await bus.announce(announced(service, 'doubler-7'));

    const ping = await ask<ServiceInfo>(`$SRV.PING.${service}`);
    expect(ping).toMatchObject({
      type: 'io.nats.micro.v1.ping_response',
      name: service,
      version: '1.0.0',
      metadata: { instance: 'doubler-7' },
    });
    const info = await ask<ServiceInfo>(`$SRV.INFO.${service}.${ping.id}`);
    expect(info).toMatchObject({ type: 'io.nats.micro.v1.info_response', name: service, id: ping.id });
    const name = subject.replace('.', '-');
    expect(info.endpoints).toContainEqual({ name, subject, queue_group: service });

    for (const number of [1, 2]) await client.call(rpc, { number }, CALL);
    await expect(client.call(rpc, { number: -1 }, CALL)).rejects.toThrow('failed');
    operator.publish(subject, '{');
    await operator.flush();
    const statsOf = async () => {
      const stats = await ask<ServiceStats>(`$SRV.STATS.${service}`);
      expect(stats).toMatchObject({ type: 'io.nats.micro.v1.stats_response', id: ping.id });
      expect(Date.parse(stats.started)).toBeLessThanOrEqual(Date.now());
      return stats.endpoints?.find((endpoint) => endpoint.subject === subject);
    };
    await expect.poll(statsOf).toMatchObject({ num_requests: 4, num_errors: 2, last_error: 'malformed_request' });
    const stats = await statsOf();
    expect(stats?.processing_time).toBeGreaterThan(0);
    expect(stats?.average_processing_time).toBeCloseTo((stats?.processing_time ?? 0) / 4, -1);
  });

  it('is seen by the client of the protocol that `nats micro` is like, until it stops serving', async () => {
    const bus = await buses.connect();
    await bus.announce(announced('seen', 'seen-1'));
    const client = operator.services.client({ strategy: RequestStrategy.Timer, maxWait: 500 });
    const found = async () => {
      const names: string[] = [];
      for await (const { name, metadata } of await client.info('seen')) names.push(`${name} ${metadata?.instance}`);
      return names;
    };
    expect(await found()).toEqual(['seen seen-1']);
    await bus.stopServing();
    await expect(ask('$SRV.PING.seen')).rejects.toThrow('503');
  });
});

describe('operating processes over the bus', () => {
  it('finds each one, and asks it for its metrics', async () => {
    const [first, second, asker] = [await buses.connect(), await buses.connect(), await buses.connect()];
    expect((await asker.discover(200)).filter(({ service }) => service === 'metered')).toEqual([]);
    const metrics = new Metrics('metered');
    metrics.counter('seen_total', 'Seen.', ['kind']).inc({ kind: 'a' }, 3);
    metrics.seconds('took_seconds', 'Took.').observe(0.5);
    metrics.gauge('unknown', 'Not a number.').set(Number.NaN);
    await first.announce({ ...announced('metered', 'metered-1'), metrics });
    await second.announce(announced('metered', 'metered-2'));

    const found = (await asker.discover(500)).filter(({ service }) => service === 'metered');
    expect(found.map(({ instance }) => instance).toSorted()).toEqual(['metered-1', 'metered-2']);
    const id = found.find(({ instance }) => instance === 'metered-1')?.id ?? '';
    expect(await asker.call(metricsOf('metered', id), {}, CALL)).toEqual({
      service: 'metered',
      instance: 'metered-1',
      at: expect.any(Number),
      samples: [
        { name: 'seen_total', labels: { kind: 'a' }, value: 3 },
        { name: 'took_seconds_sum', labels: {}, value: 0.5 },
        { name: 'took_seconds_count', labels: {}, value: 1 },
      ],
    });
  });

  it('sets the log level of every process of a service, and of no other', async () => {
    const levels: [string, LogLevel][] = [];
    const asker = await buses.connect();
    for (const [service, instance] of [
      ['loud', 'loud-1'],
      ['loud', 'loud-2'],
      ['quiet', 'quiet-1'],
    ] as const) {
      const bus = await buses.connect();
      const setLogLevel = (level: LogLevel) => void levels.push([instance, level]);
      await bus.announce({ ...announced(service, instance), setLogLevel });
    }
    asker.publish(logLevelOf('loud'), { level: 'debug' });
    await until(() => levels.length === 2);
    operator.publish('grok.ops.quiet.log-level', '{"level":"loudest"}');
    operator.publish('grok.ops.quiet.log-level', '{"level":"warn"}');
    await until(() => levels.length === 3);
    expect(levels.toSorted()).toEqual([
      ['loud-1', 'debug'],
      ['loud-2', 'debug'],
      ['quiet-1', 'warn'],
    ]);
  });
});

describe('the metrics of the bus', () => {
  it('count by templates of subjects, and by how it ended', async () => {
    const metrics = new Metrics('test');
    const bus = await Bus.connect({
      url: buses.server.url,
      name: 'test',
      log: buses.log,
      metrics: busMetrics(metrics),
    });
    const rpc = doubleRpc();
    bus.serve(rpc, async ({ number }) => ({ double: number * 2 }));
    await bus.call(rpc, { number: 1 }, CALL);
    await expect(bus.call(doubleRpc(), { number: 1 }, CALL)).rejects.toThrow('nobody');
    let seen = 0;
    bus.onTaskEvent('task_1', () => {
      seen++;
    });
    bus.publishTaskEvent({ id: 'task_1', version: 1, state: 'running', progress: 0 });
    await until(() => seen === 1);
    const sampleOf = async (name: string, labels: object) =>
      (await metrics.samples()).find((sample) => sample.name === name && sameLabels(sample.labels, labels))?.value;
    const { subject } = rpc;
    expect(await sampleOf('grok2api_bus_served_seconds_count', { subject, outcome: 'ok' })).toBe(1);
    expect(await sampleOf('grok2api_bus_serving', { subject })).toBe(0);
    expect(await sampleOf('grok2api_bus_called_seconds_count', { subject, outcome: 'ok' })).toBe(1);
    const progress = 'grok.progress.*';
    for (const direction of ['published', 'received']) {
      expect(await sampleOf('grok2api_bus_events_total', { subject: progress, direction })).toBe(1);
    }
    expect((await metrics.text()).includes('task_1')).toBe(false);
    expect(await sampleOf('grok2api_bus_connected', {})).toBe(1);
    await bus.close();
    expect(await sampleOf('grok2api_bus_connected', {})).toBe(0);
  });
});

function sameLabels(a: object, b: object): boolean {
  return JSON.stringify(Object.entries(a).toSorted()) === JSON.stringify(Object.entries(b).toSorted());
}
