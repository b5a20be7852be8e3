import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Bus } from '../src/index.js';
import { StreamResponder } from '../src/streamed-reply/responder.js';
import { doubleRpc, TestBuses, until } from './test-buses.js';
import { aborted, failure, gate, openOptions, standIn, textRpc } from './test-streams.js';

const SERVE = { maxInFlight: 1000 };
const CHUNK = Buffer.alloc(100_000, 'x');
/** What of these fits into a window of 512 KiB. */
const WINDOW_CHUNKS = 5;
const MIB = 1024 * 1024;

let buses: TestBuses;
let client: Bus;
let server: Bus;

beforeAll(async () => {
  buses = await TestBuses.start();
  [client, server] = [await buses.connect(), await buses.connect()];
});

afterAll(() => buses.stop());

/** Resolves when everything that both sides have sent so far has arrived, and what that caused too. */
async function settle(): Promise<void> {
  const rpc = doubleRpc();
  server.serve(rpc, async ({ number }) => ({ double: number * 2 }));
  await server.flush();
  for (let number = 0; number < 20; number++) await client.call(rpc, { number }, { timeoutMs: 10_000 });
}

async function take(stream: AsyncIterator<Uint8Array>, chunks: number): Promise<void> {
  for (let i = 0; i < chunks; i++) expect((await stream.next()).value).toHaveLength(CHUNK.length);
}

describe('a reader that is slow', () => {
  it('is sent a window and no more, and the rest as it reads', async () => {
    const rpc = textRpc();
    let sent = 0;
    server.serveStream(
      rpc,
      async (_, reply) => {
        for (; sent < 100; sent++) await reply.write(CHUNK);
      },
      SERVE,
    );
    await server.flush();
    const stream = client.openStream(rpc, '', openOptions());
    await until(() => sent === WINDOW_CHUNKS);
    await settle();
    expect(sent).toBe(WINDOW_CHUNKS);

    await take(stream, 2);
    await settle();
    expect(sent).toBe(WINDOW_CHUNKS);

    // Half a window and more is taken.
    await take(stream, 1);
    await until(() => sent === WINDOW_CHUNKS + 3);
    await settle();
    expect(sent).toBe(WINDOW_CHUNKS + 3);

    await take(stream, 97);
    expect((await stream.next()).done).toBe(true);
  });

  it('holds up nobody else', async () => {
    const rpc = textRpc();
    server.serveStream(
      rpc,
      async (_, reply) => {
        for (let i = 0; i < 20; i++) await reply.write(CHUNK);
      },
      SERVE,
    );
    await server.flush();
    const stalled = Array.from({ length: 20 }, () => client.openStream(rpc, '', openOptions()));
    await take(client.openStream(rpc, '', openOptions()), 20);
    await Promise.all(stalled.map((stream) => take(stream, 20)));
  });

  it('does not fill the memory with small chunks', async () => {
    const rpc = textRpc();
    let sent = 0;
    server.serveStream(
      rpc,
      async (_, reply) => {
        for (; sent < 10_000; sent++) await reply.write(Buffer.from('x'));
      },
      SERVE,
    );
    await server.flush();
    const stream = client.openStream(rpc, '', openOptions());
    await until(() => sent > 1_000);
    await settle();
    expect(sent).toBeLessThan(2_100);
    let read = 0;
    for await (const chunk of stream) {
      read += chunk.length;
      // Nor does it hold on to all that came in the same packet.
      expect(chunk.buffer.byteLength).toBeLessThan(20);
    }
    expect(read).toBe(10_000);
  });

  it('is dropped when it takes nothing for long, and its handler is told', async () => {
    const connection = await buses.connection();
    const responder = new StreamResponder(connection, buses.log, 50);
    const rpc = textRpc();
    const handled = gate<AbortSignal>();
    const written = gate<unknown>();
    responder.serve(
      rpc,
      async (_, reply, { signal }) => {
        handled.open(signal);
        await reply.write(Buffer.alloc(MIB)).catch(written.open);
      },
      SERVE,
    );
    await connection.nats.flush();
    const stream = client.openStream(rpc, '', openOptions());
    const { reason } = await aborted(await handled.opened);
    expect(reason).toMatchObject({ name: 'RequesterLeftError', leave: 'stalled' });
    expect(await written.opened).toBe(reason);
    await settle();
    expect((await failure(stream)).err).toMatchObject({ name: 'ResponderLostError', loss: 'dropped' });
    responder.stop();
  });

  it('is not dropped as long as it takes anything at all', async () => {
    const connection = await buses.connection();
    const responder = new StreamResponder(connection, buses.log, 50);
    const rpc = textRpc();
    responder.serve(rpc, async (_, reply) => reply.write(Buffer.alloc(MIB)), SERVE);
    await connection.nats.flush();
    const stream = client.openStream(rpc, '', openOptions());
    let read = 0;
    // Each chunk is a quarter of a window; together they take longer than a reader may stall.
    for await (const chunk of stream) {
      read += chunk.length;
      await sleep(200);
    }
    expect(read).toBe(MIB);
    responder.stop();
  });
});

describe('a big reply', () => {
  it('goes through without filling the memory of either side', async () => {
    const subject = textRpc().subject;
    await standIn('responder', { NATS_URL: buses.server.url, SUBJECT: subject });
    const request = z.object({ chunks: z.number(), bytes: z.number(), end: z.boolean() });
    const before = process.memoryUsage.rss();
    let [most, read, last] = [before, 0, ''];
    const stream = client.openStream(
      { subject, service: 'stand-in', request },
      { chunks: 50, bytes: 4 * MIB, end: true },
      openOptions(),
    );
    for await (const chunk of stream) {
      read += chunk.length;
      most = Math.max(most, process.memoryUsage.rss());
      last = Buffer.from(chunk.subarray(0, 100)).toString();
    }
    expect(read).toBe(200 * MIB + last.length);
    // Half of what was sent: Node 24 lets some 70 MB of it lie before it collects them.
    expect(most - before).toBeLessThan(100 * MIB);
    expect(JSON.parse(last).grown).toBeLessThan(100 * MIB);
  });
});
