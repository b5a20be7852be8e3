import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createXaiUpstream, type GrokUpstream, type XaiSettings } from '../src/index.js';
import { answer, cut, hang, hangUp, headersThenHang, type Script, ScriptedServer } from './scripted-server.js';
import { credentialFor, failureOf, SECRET, untilDone, VIDEO } from './support.js';

let server: ScriptedServer;
let upstreams: GrokUpstream[] = [];
beforeEach(async () => {
  server = await ScriptedServer.start();
});
afterEach(async () => {
  await Promise.all(upstreams.map((upstream) => upstream.close()));
  upstreams = [];
  await server.stop();
});
function start(settings: XaiSettings = {}): GrokUpstream {
  const upstream = createXaiUpstream({ answerTimeoutMs: 10_000, createTimeoutMs: 10_000, ...settings });
  upstreams.push(upstream);
  return upstream;
}
const create = (upstream = start(), credential = credentialFor(server.origin)) =>
  upstream.createVideo(credential, VIDEO, untilDone());
const poll = (upstream = start()) => upstream.pollVideo(credentialFor(server.origin), 'job-1', untilDone());

const drip: Script = (response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  const timer = setInterval(() => response.write(' '), 20);
  response.once('close', () => clearInterval(timer));
};
const endless: Script = (response) => {
  response.writeHead(200);
  const write = () => {
    while (!response.destroyed && response.write(Buffer.alloc(65_536, 0x20)));
  };
  response.on('drain', write);
  write();
};
const chunkedCut: Script = (response) => {
  response.writeHead(200);
  response.write('{"request_id":"job-1"', () => response.socket?.destroy());
};

describe('a create whose answer is lost', () => {
  it.each<[string, Script]>([
    ['no byte of it came', hangUp],
    ['it was cut', cut(200, '{"request_id":"job-1"')],
    ['it was reset', cut(200, '{"request_id":"job-1"', 'reset')],
    ['it was cut in chunks', chunkedCut],
    ['it was a refusal that was cut', cut(400, '{"error":"bad"')],
    ['it was a 503 that was reset', cut(503, '{"error":"busy"', 'reset')],
    ['it was a whole document and then cut', cut(200, '{"request_id":"job-1"}')],
  ])('is not repeated and its fate unknown: %s', async (_, script) => {
    server.play(script);
    expect(await failureOf(create())).toMatchObject({ fault: 'transient', outcome: 'fault', submitted: 'unknown' });
    expect(server.requests).toHaveLength(1);
  });

  it.each<[string, Script]>([
    ['hangs', hang],
    ['hangs after its headers', headersThenHang(200)],
    ['drips', drip],
  ])('is given up after its time when it %s', async (_, script) => {
    server.play(script);
    const error = await failureOf(create(start({ createTimeoutMs: 400 })));
    expect(error).toMatchObject({ fault: 'transient', submitted: 'unknown' });
    expect(error.message).toContain('400 ms');
    await (await server.received(1)).closed;
  });
});

describe('limits', () => {
  it.each<[string, Script]>([
    ['hangs', hang],
    ['drips', drip],
  ])('gives up a poll that %s', async (_, script) => {
    server.play(script);
    const error = await failureOf(poll(start({ answerTimeoutMs: 300 })));
    expect(error).toMatchObject({ fault: 'transient', outcome: 'fault', submitted: 'no' });
    await (await server.received(1)).closed;
  });

  it.each(['create', 'poll'] as const)('leaves the answer to a %s that does not end', async (call) => {
    server.play(endless);
    const upstream = start({ maxAnswerBytes: 200_000 });
    const error = await failureOf(call === 'create' ? create(upstream) : poll(upstream));
    expect(error).toMatchObject({ fault: 'transient', submitted: call === 'create' ? 'unknown' : 'no' });
    expect(error.message).toContain('200000 bytes');
    await (await server.received(1)).closed;
  });

  it('takes an answer of just the allowed size', async () => {
    server.play(answer(200, '{"request_id":"job-1"}'));
    expect(await create(start({ maxAnswerBytes: 22 }))).toEqual({ jobId: 'job-1' });
    await failureOf(create(start({ maxAnswerBytes: 21 })));
  });

  it.each(['create', 'poll'] as const)('follows no redirect of a %s', async (call) => {
    server.play(answer(307, '', { location: `${server.origin}/elsewhere` }));
    const error = await failureOf(call === 'create' ? create() : poll());
    expect(error).toMatchObject({ fault: 'transient', status: 307, submitted: call === 'create' ? 'unknown' : 'no' });
    expect(server.requests).toHaveLength(1);
  });
});

describe('connections', () => {
  it('makes one for each create and closes it', async () => {
    server.play(answer(200, { request_id: 'job-1' }));
    const upstream = start();
    await create(upstream);
    await create(upstream);
    const [first, second] = server.requests;
    expect(first?.headers.connection).toBe('close');
    expect(first?.clientPort).not.toBe(second?.clientPort);
  });

  it('keeps and shares them between polls', async () => {
    server.play(answer(202));
    const upstream = start();
    for (let count = 0; count < 10; count += 1) await poll(upstream);
    // A connection is taken up again only a moment after its last answer, so that a few may be open.
    expect(new Set(server.requests.map((request) => request.clientPort)).size).toBeLessThan(10);
  });

  it('closes the connection of a poll aborted in its body', async () => {
    server.play(headersThenHang(200));
    const abort = new AbortController();
    const call = start().pollVideo(credentialFor(server.origin), 'job-1', { signal: abort.signal });
    const failure = failureOf(call);
    const request = await server.received(1);
    abort.abort();
    expect(await failure).toMatchObject({ fault: 'aborted', outcome: 'not_counted' });
    await request.closed;
  });
});

describe('a create that never left', () => {
  let silent: Server;
  const sockets: Socket[] = [];
  beforeEach(async () => {
    silent = createServer((socket) => void sockets.push(socket.on('error', () => socket.destroy())));
    await once(silent.listen(0, '127.0.0.1'), 'listening');
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await new Promise((resolve) => silent.close(resolve));
  });
  const origin = (scheme: string) => `${scheme}://127.0.0.1:${(silent.address() as AddressInfo).port}`;

  it('is proven by a TLS handshake that does not end', async () => {
    const upstream = start({ connectTimeoutMs: 300 });
    const error = await failureOf(create(upstream, credentialFor(origin('https'))));
    expect(error).toMatchObject({ fault: 'transient', outcome: 'fault', submitted: 'no' });
  });

  it('is proven when the time of the create ends first', async () => {
    const upstream = start({ createTimeoutMs: 300, connectTimeoutMs: 600_000 });
    const error = await failureOf(create(upstream, credentialFor(origin('https'))));
    expect(error).toMatchObject({ fault: 'transient', submitted: 'no' });
  });

  it('is proven when it is aborted first', async () => {
    const abort = new AbortController();
    const upstream = start({ connectTimeoutMs: 600_000, createTimeoutMs: 600_000 });
    const call = upstream.createVideo(credentialFor(origin('https')), VIDEO, { signal: abort.signal });
    const failure = failureOf(call);
    await once(silent, 'connection');
    abort.abort();
    expect(await failure).toMatchObject({ fault: 'aborted', submitted: 'no' });
  });

  it('is proven by a name that does not exist', async () => {
    const error = await failureOf(create(start(), credentialFor('http://nowhere.invalid')));
    expect(error).toMatchObject({ fault: 'transient', submitted: 'no' });
    expect(error.message).not.toContain('nowhere');
  });

  it.each([
    ['a key with a line break', { secret: `${SECRET}\nx` }],
    ['an empty key', { secret: '' }],
    ['a base URL that is none', { base_url: 'api.x.ai' }],
    ['a base URL of another scheme', { base_url: 'ftp://api.x.ai' }],
  ])('is proven by %s', async (_, fault) => {
    const error = await failureOf(create(start(), { ...credentialFor(server.origin), ...fault }));
    expect(error).toMatchObject({ fault: 'credential_dead', outcome: 'dead', submitted: 'no' });
  });
});
