import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bus, RequesterLeftError, type StreamContext, StreamError } from '../src/index.js';
import { TestBuses, until } from './test-buses.js';
import { aborted, failure, gate, openOptions, textRpc, texts } from './test-streams.js';

const SERVE = { maxInFlight: 1000 };

let buses: TestBuses;
let client: Bus;
let server: Bus;

beforeAll(async () => {
  buses = await TestBuses.start();
  [client, server] = [await buses.connect(), await buses.connect()];
});

afterAll(() => buses.stop());

describe('a streamed reply', () => {
  it('carries a request, what is known of it, and each chunk as it was written', async () => {
    const rpc = textRpc();
    const contexts: StreamContext[] = [];
    server.serveStream(
      rpc,
      async (request, reply, context) => {
        contexts.push(context);
        for (const chunk of [request, '', 'b', '视频']) await reply.write(Buffer.from(chunk));
      },
      SERVE,
    );
    await server.flush();
    const options = openOptions({ requestId: 'req_7', deadlineMs: 1234.5 });
    expect(await texts(client.openStream(rpc, '"a" \n 🎬', options))).toEqual(['"a" \n 🎬', 'b', '视频']);
    expect(contexts).toMatchObject([{ requestId: 'req_7', deadlineMs: 1234 }]);
    expect(contexts[0]?.signal.aborted).toBe(false);
  });

  it('may be empty', async () => {
    const rpc = textRpc();
    server.serveStream(rpc, async () => {}, SERVE);
    await server.flush();
    expect(await texts(client.openStream(rpc, '', openOptions()))).toEqual([]);
  });

  it('can be read by hand, and by a loop from where that left off', async () => {
    const rpc = textRpc();
    server.serveStream(
      rpc,
      async (_, reply) => {
        for (const chunk of ['a', 'b', 'c']) await reply.write(Buffer.from(chunk));
      },
      SERVE,
    );
    await server.flush();
    const stream = client.openStream(rpc, '', openOptions());
    const first = await stream.next();
    expect(Buffer.from(first.value ?? '').toString()).toBe('a');
    expect(await texts(stream)).toEqual(['b', 'c']);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  it('has the bytes that were written, in order, for any sizes, written in step or at once', async () => {
    const rpc = textRpc();
    let parts: Buffer[] = [];
    server.serveStream(
      rpc,
      async (inStep, reply) => {
        const writes = parts.map((part) => () => reply.write(part));
        if (inStep === 'yes') for (const write of writes) await write();
        else await Promise.all(writes.map((write) => write()));
      },
      SERVE,
    );
    await server.flush();
    const size = fc.oneof(
      fc.nat(300),
      fc.constantFrom(128 * 1024 - 1, 128 * 1024, 128 * 1024 + 1, 512 * 1024, 600_000),
    );
    const check = async (sizes: number[], inStep: boolean) => {
      let next = 0;
      parts = sizes.map((bytes) => Buffer.from(Uint8Array.from({ length: bytes }, () => ++next % 251)));
      const read: Uint8Array[] = [];
      for await (const chunk of client.openStream(rpc, inStep ? 'yes' : 'no', openOptions())) read.push(chunk);
      expect(Buffer.concat(read).equals(Buffer.concat(parts))).toBe(true);
      const whole = sizes.filter((bytes) => bytes > 0).reduce((sum, bytes) => sum + Math.ceil(bytes / (128 * 1024)), 0);
      expect(read).toHaveLength(whole);
    };
    await fc.assert(fc.asyncProperty(fc.array(size, { maxLength: 12 }), fc.boolean(), check), { numRuns: 40 });
  });

  it('is complete and in order for each of 500 at once, from two responders', async () => {
    const rpc = textRpc();
    const other = await buses.connect();
    const streams = { server: 0, other: 0 };
    for (const [name, bus] of [['server', server] as const, ['other', other] as const]) {
      bus.serveStream(
        rpc,
        async (request, reply) => {
          streams[name]++;
          for (let i = 0; i < 200; i++) await reply.write(Buffer.from(`${request}:${i}`));
        },
        SERVE,
      );
      await bus.flush();
    }
    const read = await Promise.all(
      Array.from({ length: 500 }, (_, n) => texts(client.openStream(rpc, `${n}`, openOptions()))),
    );
    read.forEach((chunks, n) => {
      expect(chunks).toEqual(Array.from({ length: 200 }, (_, i) => `${n}:${i}`));
    });
    expect(streams.server + streams.other).toBe(500);
    expect(Math.min(streams.server, streams.other)).toBeGreaterThan(0);
  });
});

describe('a reply that ends badly', () => {
  const details = {
    code: 'rate_limit_exceeded',
    message: 'Slow down.',
    param: 'model',
    retry_after_ms: 1500,
    should_retry: true,
  } as const;

  it('is read up to its error, which comes as it was thrown', async () => {
    const rpc = textRpc();
    server.serveStream(
      rpc,
      async (_, reply) => {
        await reply.write(Buffer.from('a'));
        throw new StreamError(details);
      },
      SERVE,
    );
    await server.flush();
    const stream = client.openStream(rpc, '', openOptions());
    expect(Buffer.from((await stream.next()).value ?? '').toString()).toBe('a');
    const { err } = await failure(stream);
    expect(err).toBeInstanceOf(StreamError);
    expect(err).toMatchObject({ details, message: 'Slow down.' });
    expect(await texts(stream)).toEqual([]);
  });

  it('carries as much of a long message as there is room for', async () => {
    const rpc = textRpc();
    server.serveStream(
      rpc,
      async () => {
        throw new StreamError({ ...details, message: '!'.repeat(5000) });
      },
      SERVE,
    );
    await server.flush();
    const { err } = await failure(client.openStream(rpc, '', openOptions()));
    expect(err).toMatchObject({ details: { message: '!'.repeat(2000) } });
  });

  it('says internal_error for anything else that the handler throws, which is logged', async () => {
    const rpc = textRpc();
    server.serveStream(
      rpc,
      async () => {
        throw new Error('s3cret reason');
      },
      SERVE,
    );
    await server.flush();
    const { err } = await failure(client.openStream(rpc, '', openOptions({ requestId: 'req_8' })));
    expect(err).toMatchObject({ details: { code: 'internal_error' } });
    expect(JSON.stringify(err)).not.toContain('s3cret');
    expect(buses.lines).toContainEqual(
      expect.objectContaining({
        level: 'error',
        subject: rpc.subject,
        request_id: 'req_8',
        err: expect.objectContaining({ message: 's3cret reason' }),
      }),
    );
  });

  it('is what a malformed request gets, and the handler does not see it', async () => {
    const rpc = textRpc();
    let calls = 0;
    server.serveStream(
      rpc,
      async () => {
        calls++;
      },
      SERVE,
    );
    await server.flush();
    const careless = { ...rpc, request: textRpc().request.or(textRpc().request.array()) };
    const { err } = await failure(client.openStream(careless, ['no text'], openOptions()));
    expect(err).toMatchObject({ details: { code: 'internal_error' } });
    expect(calls).toBe(0);
  });

  it('says service_unavailable at once when the process has as many streams as it may', async () => {
    const rpc = textRpc();
    const { open, opened } = gate();
    let running = 0;
    server.serveStream(
      rpc,
      async (_, reply) => {
        running++;
        await opened;
        await reply.write(Buffer.from('done'));
      },
      { maxInFlight: 2 },
    );
    await server.flush();
    const held = [1, 2].map(() => texts(client.openStream(rpc, '', openOptions())));
    await until(() => running === 2);
    const { err, afterMs } = await failure(client.openStream(rpc, '', openOptions()));
    expect(err).toMatchObject({ details: { code: 'service_unavailable', retry_after_ms: 1000 } });
    expect(afterMs).toBeLessThan(1_000);
    open();
    expect(await Promise.all(held)).toEqual([['done'], ['done']]);
    expect(await texts(client.openStream(rpc, '', openOptions()))).toEqual(['done']);
  });
});

describe('a requester that wants no more', () => {
  /** A service whose handler writes one chunk and then waits for its signal. */
  async function waiting() {
    const rpc = textRpc();
    const { open, opened } = gate<AbortSignal>();
    server.serveStream(
      rpc,
      async (_, reply, { signal }) => {
        open(signal);
        await reply.write(Buffer.from('a'));
        await aborted(signal);
        await reply.write(Buffer.from('b'));
      },
      SERVE,
    );
    await server.flush();
    return { rpc, handled: opened };
  }

  it('tells the handler within a moment by cancel', async () => {
    const { rpc, handled } = await waiting();
    const stream = client.openStream(rpc, '', openOptions());
    await stream.next();
    const signal = await handled;
    const left = aborted(signal);
    const reading = stream.next();
    stream.cancel();
    const { reason, afterMs } = await left;
    expect(reason).toBeInstanceOf(RequesterLeftError);
    expect(reason).toMatchObject({ leave: 'cancelled' });
    expect(afterMs).toBeLessThan(100);
    expect(await reading).toEqual({ done: true, value: undefined });
  });

  it('cancels by leaving the loop', async () => {
    const { rpc, handled } = await waiting();
    for await (const _ of client.openStream(rpc, '', openOptions())) break;
    expect(await aborted(await handled)).toMatchObject({ reason: { leave: 'cancelled' } });
  });

  it('cancels by its signal, whose reason the reading throws', async () => {
    const { rpc, handled } = await waiting();
    const controller = new AbortController();
    const stream = client.openStream(rpc, '', openOptions({ signal: controller.signal }));
    await stream.next();
    const reading = failure(stream);
    const reason = new Error('the client left');
    controller.abort(reason);
    expect((await reading).err).toBe(reason);
    expect(await aborted(await handled)).toMatchObject({ reason: { leave: 'cancelled' } });
  });

  it('throws the signal’s reason also for a reply that has come whole and was not read', async () => {
    const rpc = textRpc();
    const { open, opened } = gate();
    server.serveStream(rpc, async (_, reply) => reply.write(Buffer.from('a')).then(open), SERVE);
    await server.flush();
    const controller = new AbortController();
    const stream = client.openStream(rpc, '', openOptions({ signal: controller.signal }));
    await opened;
    await server.flush();
    await client.flush();
    controller.abort(new Error('the client left'));
    await expect(stream.next()).rejects.toThrow('the client left');
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  it('cancels before it knows whom', async () => {
    const { rpc, handled } = await waiting();
    client.openStream(rpc, '', openOptions()).cancel();
    expect(await aborted(await handled)).toMatchObject({ reason: { leave: 'cancelled' }, afterMs: expect.any(Number) });
  });

  it('sends nothing when its signal was aborted before', async () => {
    const rpc = textRpc();
    let calls = 0;
    server.serveStream(
      rpc,
      async () => {
        calls++;
      },
      SERVE,
    );
    await server.flush();
    const { err } = await failure(client.openStream(rpc, '', openOptions({ signal: AbortSignal.abort('before') })));
    expect(err).toBe('before');
    await texts(client.openStream(rpc, '', openOptions()));
    expect(calls).toBe(1);
  });
});

describe('close', () => {
  /** A service of its own that writes until it is told to end. */
  async function closing() {
    const rpc = textRpc();
    const bus = await buses.connect();
    const end = gate();
    const handled = gate<AbortSignal>();
    bus.serveStream(
      rpc,
      async (_, reply, { signal }) => {
        handled.open(signal);
        await Promise.race([end.opened, aborted(signal)]);
        await reply.write(Buffer.from('whole'));
      },
      SERVE,
    );
    await bus.flush();
    const read = texts(client.openStream(rpc, '', openOptions()));
    return { rpc, bus, end: end.open, signal: await handled.opened, read };
  }

  it('lets running streams end, and takes no new ones', async () => {
    const { rpc, bus, end, read } = await closing();
    const closed = bus.close({ graceMs: 60_000 });
    for (let refused = false; !refused; ) {
      const { err } = await failure(client.openStream(rpc, '', openOptions({ signal: AbortSignal.timeout(100) })));
      refused = err instanceof Error && err.name === 'NoResponderError';
    }
    end();
    expect(await read).toEqual(['whole']);
    await closed;
  });

  it('ends those that take longer than the grace', async () => {
    const { bus, signal, read } = await closing();
    const closed = bus.close({ graceMs: 50 });
    await expect(read).rejects.toMatchObject({ details: { code: 'service_unavailable', retry_after_ms: 1000 } });
    expect(signal.reason).toBeInstanceOf(StreamError);
    await closed;
  });

  it('ends the streams that are still read', async () => {
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
    const reader = await buses.connect();
    const stream = reader.openStream(rpc, '', openOptions());
    await stream.next();
    const reading = failure(stream);
    await reader.close();
    expect((await reading).err).toMatchObject({ name: 'BusTimeoutError', subject: rpc.subject });
    expect(await aborted(await handled.opened)).toMatchObject({ reason: { leave: 'cancelled' } });
    expect((await failure(reader.openStream(rpc, '', openOptions()))).err).toMatchObject({ name: 'BusTimeoutError' });
  });
});
