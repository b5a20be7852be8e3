import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Bus, BusTimeoutError, NoResponderError, RemoteError, type RequestContext } from '../src/index.js';
import { announced, doubleRpc, TestBuses, until } from './test-buses.js';

const CALL = { timeoutMs: 10_000 };

let buses: TestBuses;
let client: Bus;
let server: Bus;

beforeAll(async () => {
  buses = await TestBuses.start();
  client = await buses.connect();
  server = await buses.connect();
});

afterAll(() => buses.stop());

describe('call and serve', () => {
  it('carries a request, its id and its reply', async () => {
    const rpc = doubleRpc();
    const contexts: RequestContext[] = [];
    server.serve(rpc, async ({ number }, context) => {
      contexts.push(context);
      return { double: number * 2 };
    });
    await server.flush();
    expect(await client.call(rpc, { number: 21 }, { ...CALL, requestId: 'req_1' })).toEqual({ double: 42 });
    expect(await client.call(rpc, { number: 4 }, CALL)).toEqual({ double: 8 });
    expect(contexts).toEqual([{ requestId: 'req_1' }, { requestId: undefined }]);
  });

  it('carries any text', async () => {
    const echo = { ...doubleRpc(), request: z.string(), reply: z.string() };
    server.serve(echo, async (text) => text);
    await server.flush();
    const text = '视频 🎬 "\\ \n\0 é';
    expect(await client.call(echo, text, CALL)).toBe(text);
  });

  it('fails at once when nobody serves it', async () => {
    const rpc = doubleRpc();
    const begun = performance.now();
    const asked = client.call(rpc, { number: 1 }, CALL);
    await expect(asked).rejects.toBeInstanceOf(NoResponderError);
    await expect(asked).rejects.toMatchObject({ subject: rpc.subject });
    expect(performance.now() - begun).toBeLessThan(CALL.timeoutMs / 2);
  });

  it('times out when no reply comes', async () => {
    const rpc = doubleRpc();
    let answer = () => {};
    server.serve(rpc, async () => {
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      return { double: 0 };
    });
    await server.flush();
    await expect(client.call(rpc, { number: 1 }, { timeoutMs: 100 })).rejects.toBeInstanceOf(BusTimeoutError);
    answer();
  });

  it('answers "failed" for a handler that throws, without its reason, which is logged', async () => {
    const rpc = doubleRpc();
    server.serve(rpc, async () => {
      throw new Error('s3cret reason');
    });
    await server.flush();
    const err = await client.call(rpc, { number: 1 }, { ...CALL, requestId: 'req_2' }).catch((cause: unknown) => cause);
    expect(err).toBeInstanceOf(RemoteError);
    expect(err).toMatchObject({ subject: rpc.subject, code: 'failed' });
    expect(String(err)).not.toContain('s3cret');
    expect(buses.lines).toContainEqual(
      expect.objectContaining({
        level: 'error',
        subject: rpc.subject,
        request_id: 'req_2',
        err: expect.objectContaining({ message: 's3cret reason' }),
      }),
    );
  });

  it('refuses a malformed request without calling the handler', async () => {
    const rpc = doubleRpc();
    let calls = 0;
    server.serve(rpc, async () => ({ double: ++calls }));
    await server.flush();
    const careless = { ...rpc, request: z.unknown() };
    for (const request of [null, 'text', [], {}, { number: '1' }]) {
      await expect(client.call(careless, request, CALL)).rejects.toMatchObject({ code: 'malformed_request' });
    }
    expect(calls).toBe(0);
  });

  it('takes a malformed reply as an error of the responder', async () => {
    const rpc = doubleRpc();
    server.serve({ ...rpc, reply: z.unknown() }, async () => ({ double: 'many' }));
    await server.flush();
    const asked = client.call(rpc, { number: 1 }, CALL);
    await expect(asked).rejects.toBeInstanceOf(RemoteError);
    await expect(asked).rejects.toMatchObject({ code: 'malformed_reply' });
  });

  it('answers "failed" when the reply is bigger than a message may be', async () => {
    const rpc = { ...doubleRpc(), reply: z.string() };
    server.serve(rpc, async () => 'x'.repeat(2_000_000));
    await server.flush();
    await expect(client.call(rpc, { number: 1 }, CALL)).rejects.toMatchObject({ code: 'failed' });
  });

  it('gives each request to one of the processes that serve it', async () => {
    const rpc = doubleRpc();
    const other = await buses.connect();
    const taken: string[] = [];
    for (const [name, bus] of Object.entries({ server, other })) {
      bus.serve(rpc, async ({ number }) => {
        taken.push(name);
        return { double: number * 2 };
      });
      await bus.flush();
    }
    const replies = await Promise.all(Array.from({ length: 100 }, (_, number) => client.call(rpc, { number }, CALL)));
    expect(replies.map(({ double }) => double)).toEqual(Array.from({ length: 100 }, (_, number) => number * 2));
    expect(taken).toHaveLength(100);
    expect(new Set(taken)).toEqual(new Set(['server', 'other']));
  });

  it('refuses what is more than it can hold, at once', async () => {
    const rpc = doubleRpc();
    let answerAll = () => {};
    const gate = new Promise<void>((resolve) => {
      answerAll = resolve;
    });
    let running = 0;
    server.serve(rpc, async ({ number }) => {
      running++;
      await gate;
      return { double: number * 2 };
    });
    await server.flush();
    const held = Array.from({ length: 1000 }, (_, number) => client.call(rpc, { number }, { timeoutMs: 30_000 }));
    await until(() => running === 1000);
    await expect(client.call(rpc, { number: 1 }, CALL)).rejects.toMatchObject({ code: 'overloaded' });
    answerAll();
    expect(await Promise.all(held)).toHaveLength(1000);
    expect(await client.call(rpc, { number: 1 }, CALL)).toEqual({ double: 2 });
  });
});

describe('close', () => {
  it('lets handlers finish, which may ask others themselves, and takes no more requests', async () => {
    const [outer, inner] = [doubleRpc(), doubleRpc()];
    const leaving = await buses.connect();
    server.serve(inner, async ({ number }) => ({ double: number * 2 }));
    await server.flush();
    let goOn = () => {};
    const gate = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    let running = 0;
    leaving.serve(outer, async (request) => {
      running++;
      await gate;
      return leaving.call(inner, request, CALL);
    });
    await leaving.flush();
    const asked = client.call(outer, { number: 5 }, CALL);
    await until(() => running === 1);
    const closed = leaving.close();
    // The subscription ends while the handler still runs.
    for (let refused = false; !refused; ) {
      refused = await client.call(outer, { number: 6 }, { timeoutMs: 50 }).then(
        () => false,
        (err: unknown) => err instanceof NoResponderError,
      );
    }
    goOn();
    expect(await asked).toEqual({ double: 10 });
    await closed;
    await leaving.close();
  });

  it('fails calls on a closed bus', async () => {
    const closed = await buses.connect();
    await closed.close();
    await expect(closed.call(doubleRpc(), { number: 1 }, CALL)).rejects.toBeInstanceOf(BusTimeoutError);
    closed.wakeUps.send('video');
    closed.publishCancel('task_1');
  });
});

describe('announce and answers', () => {
  it('tells whether any process of a service is there', async () => {
    const first = await buses.connect();
    const second = await buses.connect();
    expect(await client.answers('chat', 2_000)).toBe(false);
    await first.announce(announced('chat', 'chat-1'));
    expect(await client.answers('chat', 2_000)).toBe(true);
    await second.announce(announced('chat', 'chat-2'));
    await first.close();
    expect(await client.answers('chat', 2_000)).toBe(true);
    expect(await client.answers('image', 2_000)).toBe(false);
    await second.close();
    expect(await client.answers('chat', 2_000)).toBe(false);
  });
});
