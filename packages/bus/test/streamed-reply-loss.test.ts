import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StreamRpc } from '@grok2api/contracts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Bus, NoResponderError, ResponderLostError } from '../src/index.js';
import { StreamRequester } from '../src/streamed-reply/requester.js';
import { StreamResponder } from '../src/streamed-reply/responder.js';
import { TestBuses, until } from './test-buses.js';
import { aborted, failure, gate, openOptions, standIn, textRpc, texts } from './test-streams.js';

const SERVE = { maxInFlight: 1000 };
const REQUEST = z.object({ chunks: z.number(), bytes: z.number(), end: z.boolean() });

let buses: TestBuses;

function kill(child: ChildProcess): void {
  child.kill('SIGKILL');
}

/** Starts the stand-in that writes as many chunks as are asked and then waits. */
async function startResponder() {
  const rpc = { subject: textRpc().subject, service: 'stand-in', request: REQUEST };
  const child = await standIn('responder', { NATS_URL: buses.server.url, SUBJECT: rpc.subject });
  return { rpc, child };
}

/** Starts the stand-in that opens a stream and reads it. */
function startRequester(subject: string): Promise<ChildProcess> {
  const env = { NATS_URL: buses.server.url, SUBJECT: subject, CHARACTERS: '1', MEDIA_DIR: '/nowhere' };
  return standIn('requester', env);
}

// What is waited for here is silence.
describe.concurrent('while NATS is there', () => {
  let client: Bus;
  let server: Bus;

  beforeAll(async () => {
    buses = await TestBuses.start();
    [client, server] = [await buses.connect(), await buses.connect()];
  });

  afterAll(() => buses.stop());

  /** Resolves when the stand-in has answered, and so has everything come that it sent before. */
  async function answerFrom(rpc: StreamRpc<typeof REQUEST>): Promise<void> {
    await client.openStream(rpc, { chunks: 1, bytes: 1, end: false }, openOptions()).next();
  }

  it('a service without a process is noticed at once', async () => {
    const rpc = textRpc();
    const { err, afterMs } = await failure(client.openStream(rpc, '', openOptions()));
    expect(err).toBeInstanceOf(NoResponderError);
    expect(err).toMatchObject({ subject: rpc.subject });
    expect(afterMs).toBeLessThan(1_000);
  });

  it('a responder that was killed in the middle is noticed within 4 s, after what came before', async () => {
    const { rpc, child } = await startResponder();
    const stream = client.openStream(rpc, { chunks: 3, bytes: 10, end: false }, openOptions());
    await stream.next();
    await answerFrom(rpc);
    kill(child);
    for (let read = 1; read < 3; read++) expect((await stream.next()).value).toHaveLength(10);
    const { err, afterMs } = await failure(stream);
    expect(err).toBeInstanceOf(ResponderLostError);
    expect(err).toMatchObject({ subject: rpc.subject, loss: 'died' });
    expect(afterMs).toBeLessThan(4_000);
    expect(await texts(stream)).toEqual([]);
  });

  it('a responder that was killed before its first chunk is noticed within 4 s', async () => {
    const { rpc, child } = await startResponder();
    const stream = client.openStream(rpc, { chunks: 0, bytes: 0, end: false }, openOptions());
    await answerFrom(rpc);
    kill(child);
    const { err, afterMs } = await failure(stream);
    expect(err).toMatchObject({ name: 'ResponderLostError', loss: 'died' });
    expect(afterMs).toBeLessThan(4_000);
  });

  it('a responder that was killed before it accepted is noticed within 6 s', async () => {
    const { rpc, child } = await startResponder();
    child.kill('SIGSTOP');
    const stream = client.openStream(rpc, { chunks: 1, bytes: 1, end: true }, openOptions());
    await client.flush();
    kill(child);
    const { err, afterMs } = await failure(stream);
    expect(err).toMatchObject({ name: 'ResponderLostError', loss: 'silent' });
    expect(afterMs).toBeLessThan(6_000);
  });

  it('a responder that was stopped is noticed after 15 s', async () => {
    const { rpc, child } = await startResponder();
    const stream = client.openStream(rpc, { chunks: 1, bytes: 10, end: false }, openOptions());
    await stream.next();
    child.kill('SIGSTOP');
    const { err, afterMs } = await failure(stream);
    expect(err).toMatchObject({ name: 'ResponderLostError', loss: 'silent' });
    expect(afterMs).toBeGreaterThan(13_000);
    expect(afterMs).toBeLessThan(16_000);
  });

  it('a responder that only has nothing to say is waited for', async () => {
    const connection = await buses.connection();
    const responder = new StreamResponder(connection, buses.log, 500);
    const requester = new StreamRequester(await buses.connection(), buses.log, 100);
    const rpc = textRpc();
    responder.serve(
      rpc,
      async (_, reply) => {
        await reply.write(Buffer.from('a'));
        // Far longer than anybody may be silent at this speed of the clock.
        await sleep(4_000);
        await reply.write(Buffer.from('b'));
      },
      SERVE,
    );
    await connection.nats.flush();
    expect(await texts(requester.open(rpc, '', openOptions()))).toEqual(['a', 'b']);
    responder.stop();
    requester.close();
  });

  it('a requester that was killed is noticed within 6 s', async () => {
    const rpc = textRpc();
    const handled = gate<AbortSignal>();
    server.serveStream(
      rpc,
      async (_, reply, { signal }) => {
        handled.open(signal);
        await reply.write(Buffer.from('a'));
        await aborted(signal);
      },
      SERVE,
    );
    await server.flush();
    const child = await startRequester(rpc.subject);
    const signal = await handled.opened;
    kill(child);
    const { reason, afterMs } = await aborted(signal);
    expect(reason).toMatchObject({ name: 'RequesterLeftError', leave: 'died' });
    expect(afterMs).toBeLessThan(6_000);
  });

  it('a requester that was stopped is noticed after three pings', async () => {
    const connection = await buses.connection();
    const responder = new StreamResponder(connection, buses.log, 200);
    const rpc = textRpc();
    const handled = gate<AbortSignal>();
    responder.serve(
      rpc,
      async (_, reply, { signal }) => {
        handled.open(signal);
        await reply.write(Buffer.from('a'));
        await aborted(signal);
      },
      SERVE,
    );
    await connection.nats.flush();
    const child = await startRequester(rpc.subject);
    const signal = await handled.opened;
    await sleep(2_000);
    expect(signal.aborted).toBe(false);
    child.kill('SIGSTOP');
    const { reason, afterMs } = await aborted(signal);
    expect(reason).toMatchObject({ name: 'RequesterLeftError', leave: 'silent' });
    expect(afterMs).toBeGreaterThan(500);
    responder.stop();
  });
});

describe('a NATS server that goes away', () => {
  let client: Bus;
  let server: Bus;

  beforeEach(async () => {
    buses = await TestBuses.start();
    [client, server] = [await buses.connect(), await buses.connect()];
  });

  afterEach(() => buses.stop());

  /** Kills the server; resolves when both sides are connected again. */
  async function restart(): Promise<void> {
    let away = 0;
    for (const bus of [client, server]) {
      away++;
      const off = bus.onReconnect(() => {
        off();
        away--;
      });
    }
    await buses.kill();
    await until(() => away === 0);
  }

  it('makes streams fail at once while it is away', async () => {
    await buses.server.pause();
    await until(() => !client.connected);
    const { err, afterMs } = await failure(client.openStream(textRpc(), '', openOptions()));
    expect(err).toMatchObject({ name: 'BusTimeoutError' });
    expect(afterMs).toBeLessThan(1_000);
  });

  it('lets none hang whose frames were lost, and tells their handlers', async () => {
    const rpc = textRpc();
    const handled: AbortSignal[] = [];
    server.serveStream(
      rpc,
      async (_, reply, { signal }) => {
        handled.push(signal);
        while (!signal.aborted) {
          await reply.write(Buffer.from('chunk'));
          await sleep(1);
        }
      },
      SERVE,
    );
    await server.flush();
    const streams = Array.from({ length: 20 }, () => client.openStream(rpc, '', openOptions()));
    await Promise.all(streams.map((stream) => stream.next()));
    const failures = Promise.all(streams.map((stream) => failure(stream)));
    await restart();
    for (const { err } of await failures) expect(err).toMatchObject({ name: 'ResponderLostError' });
    await Promise.all(handled.map((signal) => aborted(signal)));
    expect(handled).toHaveLength(20);
    client.openStream(rpc, '', openOptions()).cancel();
  });

  it('stops the handlers whose replies cannot be sent any more', async () => {
    const connection = await buses.connection();
    const responder = new StreamResponder(connection, buses.log, 100);
    const rpc = textRpc();
    const handled = gate<AbortSignal>();
    responder.serve(
      rpc,
      async (_, _reply, { signal }) => {
        handled.open(signal);
        await aborted(signal);
      },
      SERVE,
    );
    await connection.nats.flush();
    client.openStream(rpc, '', openOptions());
    const signal = await handled.opened;
    await buses.server.pause();
    expect(await aborted(signal)).toMatchObject({ reason: { leave: 'silent' } });
    responder.stop();
  });

  it('takes nothing from a stream of which nothing was lost', async () => {
    const rpc = textRpc();
    const { open, opened } = gate();
    server.serveStream(
      rpc,
      async (_, reply) => {
        await reply.write(Buffer.from('a'));
        await opened;
        await reply.write(Buffer.from('b'));
      },
      SERVE,
    );
    await server.flush();
    const stream = client.openStream(rpc, '', openOptions());
    await stream.next();
    await restart();
    // Longer than it takes both sides to ask for each other.
    await sleep(6_000);
    open();
    expect(await texts(stream)).toEqual(['b']);
  });
});
