import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { MemoryWatch, TestSystem } from '@grok2api/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

const HEADERS_TIMEOUT_MS = 2_000;
const REQUEST_TIMEOUT_MS = 6_000;
const MAX_CONNECTIONS = 3_000;

let system: TestSystem;
const sockets = new Set<Socket>();
beforeAll(async () => {
  system = await TestSystem.start({
    env: {
      HEADERS_TIMEOUT_MS: String(HEADERS_TIMEOUT_MS),
      REQUEST_TIMEOUT_MS: String(REQUEST_TIMEOUT_MS),
      MAX_CONNECTIONS: String(MAX_CONNECTIONS),
    },
  });
});
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
});
afterAll(async () => {
  await system?.stop();
});

interface Connection {
  socket: Socket;
  /** Everything that came, once the other side has closed. */
  closed: Promise<string>;
}

async function open(sent = ''): Promise<Connection> {
  const socket = connect(Number(new URL(system.baseUrl).port), '127.0.0.1');
  sockets.add(socket);
  let received = '';
  socket.on('data', (data) => {
    received += String(data);
  });
  const closed = new Promise<string>((resolve) => {
    socket.on('close', () => resolve(received));
    socket.on('end', () => resolve(received));
  });
  // A connection that is cut says so after its close.
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(sent);
  return { socket, closed };
}

/** Writes a little from time to time until the other side closes. */
async function drip(socket: Socket, drop: string): Promise<void> {
  for (; socket.writable && !socket.readableEnded; await sleep(200)) socket.write(drop);
}

const error = (code: string) => expect.stringMatching(new RegExp(`"param":null,"code":"${code}"`));
const served = async () => (await fetch(`${system.baseUrl}/v1/models`)).status;

describe('a slow client', () => {
  it('that sends nothing, or its headers byte by byte, is cut off', async () => {
    const begun = Date.now();
    const [silent, slow] = [await open(), await open('GET /healthz HTTP/1.1\r\nhost: localhost\r\nx-slow: ')];
    void drip(slow.socket, 'x');
    expect(await slow.closed).toEqual(error('request_timeout'));
    await silent.closed;
    expect(Date.now() - begun).toBeLessThan(HEADERS_TIMEOUT_MS + 6_000);
  });

  it.each([
    ['a JSON body', '/v1/chat/completions', 'application/json', '{"a":"'],
    ['an upload', '/v1/video/upload', 'multipart/form-data; boundary=x', '--x\r\n'],
  ])('that sends %s byte by byte is cut off', async (_name, path, type, beginning) => {
    const begun = Date.now();
    const { socket, closed } = await open(
      `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${type}\r\ncontent-length: 100000\r\n\r\n${beginning}`,
    );
    void drip(socket, 'x');
    expect(await served()).toBe(200);
    expect(await closed).toEqual(error('request_timeout'));
    expect(Date.now() - begun).toBeLessThan(REQUEST_TIMEOUT_MS + 6_000);
  });

  it('does not read: others are served', async () => {
    const many = await Promise.all(Array.from({ length: 50 }, () => open()));
    for (const { socket } of many) {
      socket.pause();
      socket.write('GET /v1/models HTTP/1.1\r\nhost: localhost\r\n\r\n'.repeat(200));
    }
    expect(await served()).toBe(200);
  });
});

describe('thousands of connections', () => {
  it('that do nothing cost little, are cut off, and others are served meanwhile', async () => {
    const watch = new MemoryWatch([system.pid('api-gateway')]);
    const idle: Connection[] = [];
    for (let n = 0; n < 2_000; n += 100) {
      idle.push(...(await Promise.all(Array.from({ length: 100 }, () => open()))));
    }
    expect(await served()).toBe(200);
    await Promise.all(idle.map(({ closed }) => closed));
    expect(await served()).toBe(200);
    expect(watch.stop()[0]?.growth).toBeLessThan(150);
  });

  it('more than there is room for are closed', async () => {
    const many: Connection[] = [];
    for (let n = 0; n < MAX_CONNECTIONS + 200; n += 200) {
      many.push(...(await Promise.all(Array.from({ length: 200 }, () => open()))));
    }
    const last = many.at(-1);
    expect(await Promise.race([last?.closed, sleep(HEADERS_TIMEOUT_MS / 2, 'open')])).toBe('');
    for (const { socket } of many) socket.destroy();
    await expect.poll(served, { timeout: 10_000 }).toBe(200);
  });
});

describe('what never becomes a request', () => {
  it.each([
    [
      'headers that are too large',
      `GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`,
      431,
      'headers_too_large',
    ],
    ['another protocol', '\x16\x03\x01\x02\0\x01\0', 400, 'malformed_request'],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab',
      400,
      'malformed_request',
    ],
    [
      'a length and chunks',
      'POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
      'malformed_request',
    ],
    ['a header with NUL', 'GET / HTTP/1.1\r\nhost: localhost\r\nx: a\0b\r\n\r\n', 400, 'malformed_request'],
    ['a method that is none', 'FETCH / HTTP/1.1\r\nhost: localhost\r\n\r\n', 400, 'malformed_request'],
    ['no host', 'GET /healthz HTTP/1.1\r\nconnection: close\r\n\r\n', 400, 'malformed_request'],
    [
      'a host that is none',
      'GET /healthz HTTP/1.1\r\nhost: a/b?c\r\nconnection: close\r\n\r\n',
      400,
      'malformed_request',
    ],
  ])('is told so: %s', async (_name, sent, status, code) => {
    const answer = await (await open(sent)).closed;
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer).toMatch(/\r\nx-request-id: /i);
    expect(answer).toEqual(error(code));
    expect(await served()).toBe(200);
  });

  it('a health check of HTTP/1.0 need not name a host', async () => {
    // As far as its owner says that others than loopback may ask.
    const answer = await (await open('GET /healthz HTTP/1.0\r\n\r\n')).closed;
    expect(answer).toMatch(/^HTTP\/1.1 (200|403) /);
  });

  it('many headers are no trouble', async () => {
    const headers = Array.from({ length: 500 }, (_, n) => `x-${n}: y\r\n`).join('');
    const answer = await (await open(`GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n${headers}\r\n`))
      .closed;
    expect(answer).toMatch(/^HTTP\/1.1 200 /);
  });
});
