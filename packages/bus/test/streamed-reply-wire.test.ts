import { connect, type Msg, type NatsConnection, headers as natsHeaders } from 'nats';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Bus } from '../src/index.js';
import { TestBuses, until } from './test-buses.js';
import { aborted, failure, gate, openOptions, textRpc, texts } from './test-streams.js';

const PING = 0;
const CHUNK = 1;
const END = 2;
const ERROR = 3;
const GONE = 4;
const ALIVE = 0;
const CANCEL = 1;

let buses: TestBuses;
let bus: Bus;
let raw: NatsConnection;

beforeAll(async () => {
  buses = await TestBuses.start();
});

beforeEach(async () => {
  bus = await buses.connect();
  const { host, username, password } = new URL(buses.server.url);
  raw = await connect({ servers: host, user: username, pass: password });
});

afterEach(() => raw.close());

afterAll(() => buses.stop());

/** A frame as it is on the wire. */
function frame(kind: number, sequence: number, payload = ''): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt8(kind);
  header.writeUInt32BE(sequence, 1);
  return Buffer.concat([header, Buffer.from(payload)]);
}

function alive(taken: number): Buffer {
  const message = Buffer.alloc(9);
  message.writeUInt8(ALIVE);
  message.writeDoubleBE(taken, 1);
  return message;
}

/** Subscribes by hand; `messages` are what came. */
async function listen(subject: string, queue?: string) {
  const messages: Msg[] = [];
  raw.subscribe(subject, { callback: (_, message) => void messages.push(message), ...(queue ? { queue } : {}) });
  await raw.flush();
  const nth = async (n: number) => {
    await until(() => messages.length > n);
    const message = messages[n];
    if (!message) throw new Error('not there');
    return { data: Buffer.from(message.data), reply: message.reply ?? '', headers: message.headers };
  };
  return { messages, nth };
}

describe('a requester', () => {
  /** A stream, and what a responder made by hand needs to answer it. */
  async function answered() {
    const rpc = textRpc();
    const requests = await listen(rpc.subject, rpc.service);
    const control = `control.${rpc.service}`;
    const controls = await listen(control);
    const stream = bus.openStream(rpc, 'hello', openOptions({ requestId: 'req_5', deadlineMs: 700 }));
    const request = await requests.nth(0);
    const send = (...frames: Uint8Array[]) => {
      for (const each of frames) raw.publish(request.reply, each, { reply: control });
    };
    return { stream, request, control, controls, send };
  }

  it('sends JSON and headers, and reads frames', async () => {
    const { stream, request, send } = await answered();
    expect(request.data.toString()).toBe('"hello"');
    expect(request.headers?.get('X-Request-Id')).toBe('req_5');
    expect(request.headers?.get('Grok-Deadline-Ms')).toBe('700');
    send(frame(PING, 0), frame(CHUNK, 1, 'a'), frame(PING, 2), frame(CHUNK, 3, 'b'), frame(END, 4));
    expect(await texts(stream)).toEqual(['a', 'b']);
  });

  it('answers a ping that is not the first with what was taken', async () => {
    const { stream, controls, send } = await answered();
    send(frame(PING, 0), frame(CHUNK, 1, 'abc'));
    await stream.next();
    send(frame(PING, 2));
    expect((await controls.nth(0)).data).toEqual(alive(256 + 3));
  });

  it('asks after a responder that says nothing, and goes when that does not know the stream', async () => {
    const { stream, request, controls, send } = await answered();
    send(frame(PING, 0));
    const asked = await controls.nth(0);
    expect(asked.data).toEqual(alive(0));
    expect(asked.reply).toBe(request.reply);
    send(frame(GONE, 0));
    expect((await failure(stream)).err).toMatchObject({ name: 'ResponderLostError', loss: 'dropped' });
  });

  it('ends and cancels at a gap, after what came before it', async () => {
    const { stream, controls, send } = await answered();
    send(frame(PING, 0), frame(CHUNK, 1, 'a'), frame(CHUNK, 3, 'c'), frame(END, 4));
    expect(Buffer.from((await stream.next()).value ?? '').toString()).toBe('a');
    expect((await failure(stream)).err).toMatchObject({ name: 'ResponderLostError', loss: 'gap' });
    expect((await controls.nth(0)).data).toEqual(Buffer.of(CANCEL));
  });

  it('answers pings of a stream that it has left with cancel, and nothing else', async () => {
    const { stream, controls, send } = await answered();
    stream.cancel();
    send(frame(PING, 0), frame(CHUNK, 1, 'a'), frame(PING, 2));
    await controls.nth(1);
    await bus.flush();
    expect(controls.messages.map(({ data }) => [...data])).toEqual([[CANCEL], [CANCEL]]);
  });

  it('logs and drops what is no frame', async () => {
    const { stream, send } = await answered();
    send(Uint8Array.of(), Uint8Array.of(1), frame(77, 0), Uint8Array.of(1, 0, 0, 0), frame(PING, 0));
    send(frame(CHUNK, 1, 'a'), Buffer.alloc(3), frame(END, 2));
    expect(await texts(stream)).toEqual(['a']);
    expect(buses.lines.filter(({ msg }) => msg === 'malformed frame')).toHaveLength(5);
  });

  it('takes an error that cannot be read as an error', async () => {
    const { stream, send } = await answered();
    send(frame(PING, 0), frame(ERROR, 1, '{"code":"of_a_later_version","message":"","param":null}'));
    expect((await failure(stream)).err).toMatchObject({ details: { code: 'internal_error' } });
  });
});

describe('a responder', () => {
  /** A request made by hand of a service that writes `a`, and then waits. */
  async function asked(headers?: Msg['headers']) {
    const rpc = textRpc();
    const handled = gate<AbortSignal>();
    bus.serveStream(
      rpc,
      async (_, reply, { signal }) => {
        handled.open(signal);
        await reply.write(Buffer.from('a'));
        await aborted(signal);
      },
      { maxInFlight: 10 },
    );
    await bus.flush();
    const frames = await listen(`frames.${rpc.service}`);
    raw.publish(rpc.subject, '"hello"', { reply: `frames.${rpc.service}`, headers: headers ?? requestHeaders() });
    return { rpc, frames, signal: handled.opened };
  }

  function requestHeaders(changed: Record<string, string> = {}) {
    const sent = natsHeaders();
    for (const [name, value] of Object.entries({ 'X-Request-Id': 'req_5', 'Grok-Deadline-Ms': '700', ...changed })) {
      sent.set(name, value);
    }
    return sent;
  }

  it('accepts at once, and sends frames', async () => {
    const { frames } = await asked();
    const ping = await frames.nth(0);
    expect(ping.data).toEqual(frame(PING, 0));
    expect(ping.reply).toMatch(/^_INBOX\./);
    expect((await frames.nth(1)).data).toEqual(frame(CHUNK, 1, 'a'));
  });

  it('pings every 5 s', async () => {
    const { frames } = await asked();
    const control = (await frames.nth(0)).reply;
    await frames.nth(1);
    const ping = await frames.nth(2);
    expect(ping.data).toEqual(frame(PING, 2));
    expect(ping.reply).toBe(control);
  });

  it('logs and drops what is no control message, and more than it has sent as taken', async () => {
    const { frames, signal } = await asked();
    const control = (await frames.nth(0)).reply;
    await frames.nth(1);
    for (const message of [[], [0], [1, 1], [7], alive(-1), alive(Number.NaN), alive(1e9)]) {
      raw.publish(control, Uint8Array.from(message));
    }
    await until(() => buses.lines.filter(({ msg }) => msg === 'malformed control message').length === 7);
    const handled = await signal;
    expect(handled.aborted).toBe(false);
    raw.publish(control, Uint8Array.of(CANCEL));
    expect(await aborted(handled)).toMatchObject({ reason: { leave: 'cancelled' } });
  });

  it('says so when it is asked after a stream that it does not know', async () => {
    const { frames, signal } = await asked();
    const control = (await frames.nth(0)).reply;
    raw.publish(control, Uint8Array.of(CANCEL));
    await aborted(await signal);
    const answers = await listen('answers.here');
    raw.publish(control, Uint8Array.of(9), { reply: 'answers.here' });
    raw.publish(control, alive(0), { reply: 'answers.here' });
    expect((await answers.nth(0)).data[0]).toBe(GONE);
  });

  it.each([
    ['without headers', natsHeaders()],
    ['with a deadline that is none', requestHeaders({ 'Grok-Deadline-Ms': 'soon' })],
    ['with a claim that no store is there for', requestHeaders({ 'Grok-Claim': `request_${'0'.repeat(32)}.json` })],
  ])('refuses a request %s', async (_, sent) => {
    const { frames } = await asked(sent);
    const refusal = await frames.nth(1);
    expect(refusal.data[0]).toBe(ERROR);
    expect(JSON.parse(refusal.data.subarray(5).toString())).toMatchObject({ code: 'internal_error' });
  });

  it('does not work on a request that names nobody to answer', async () => {
    const { rpc, frames } = await asked();
    await frames.nth(1);
    raw.publish(rpc.subject, '"hello"', { headers: requestHeaders() });
    await until(() => buses.lines.some(({ msg, subject }) => msg === 'malformed request' && subject === rpc.subject));
  });
});
