import { setTimeout as sleep } from 'node:timers/promises';
import type { Rpc } from '@grok2api/contracts';
import { createLogger, type Logger, Metrics } from '@grok2api/service-kit';
import { startNats, type TestServer } from '@grok2api/testkit';
import { z } from 'zod';
import { Connection } from '../src/connection.js';
import { type AnnouncedProcess, Bus } from '../src/index.js';

/** A NATS server, and processes' accesses to it. */
export class TestBuses {
  /** What the buses have logged so far. */
  readonly lines: Record<string, unknown>[] = [];
  readonly log: Logger;
  readonly #open: { close(): Promise<void> }[] = [];

  private constructor(readonly server: TestServer) {
    const destination = { write: (line: string) => void this.lines.push(JSON.parse(line)) };
    this.log = createLogger({ service: 'test', instance: 'test', level: 'info', destination });
  }

  static async start(): Promise<TestBuses> {
    return new TestBuses(await startNats());
  }

  /** Another process' access; `stop` closes it. */
  async connect(): Promise<Bus> {
    const bus = await Bus.connect({ url: this.server.url, name: 'test', log: this.log });
    this.#open.push(bus);
    return bus;
  }

  /** What a bus is made of, for parts of it with a faster clock; `stop` closes it. */
  async connection(): Promise<Connection> {
    const connection = await Connection.open({ url: this.server.url, name: 'test', log: this.log });
    this.#open.push(connection);
    return connection;
  }

  /** Kills the server, which is started again with its store. */
  kill(): Promise<void> {
    return this.server.kill();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#open.map((bus) => bus.close()));
    await this.server.stop();
  }
}

/** A process to announce; it heeds nothing. */
export function announced(service: string, instance: string): AnnouncedProcess {
  return { service, instance, metrics: new Metrics(service), setLogLevel: () => {} };
}

let services = 0;

/** A request that doubles a number, of a service that no other test uses. */
export function doubleRpc() {
  const service = `doubler-${++services}`;
  return {
    subject: `test.${service}`,
    service,
    request: z.object({ number: z.number() }),
    reply: z.object({ double: z.number() }),
  } satisfies Rpc<z.ZodType, z.ZodType>;
}

/** Looks until it is as wanted. */
export async function until(wanted: () => boolean, withinMs = 10_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!wanted()) {
    if (Date.now() > deadline) throw new Error(`not so within ${withinMs} ms: ${wanted}`);
    await sleep(10);
  }
}
