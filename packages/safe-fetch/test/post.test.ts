import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSafeFetch, type PostOptions, type SafeFetch } from '../src/index.js';
import { type CountingServer, startCountingServer } from './counting-server.js';

interface Received {
  method: string | undefined;
  headers: IncomingMessage['headers'];
  body: string;
}

let server: CountingServer;
let client: SafeFetch;
let received: Received[];
let answer: (response: ServerResponse) => void;

beforeEach(async () => {
  received = [];
  server = await startCountingServer(async (request, response) => {
    received.push({ method: request.method, headers: request.headers, body: await text(request) });
    answer(response);
  });
  client = createSafeFetch({ allow: ['127.0.0.1/32'] });
});

afterEach(async () => {
  await client.close();
  await server.close();
});

function post(options: Partial<PostOptions> = {}) {
  return client.post(`${server.origin}/hook?a=b`, { body: '{"一只":"猫"}', timeoutMs: 20_000, ...options });
}

describe('a post', () => {
  it('carries the body as it is, its length and the headers', async () => {
    answer = (response) => response.writeHead(202).end('thanks');
    const got = await post({ headers: { 'content-type': 'application/json', 'webhook-id': 'msg_1' } });
    expect(got.status).toBe(202);
    expect(await text(got.body)).toBe('thanks');
    expect(received).toMatchObject([
      {
        method: 'POST',
        body: '{"一只":"猫"}',
        headers: { 'content-length': '16', 'content-type': 'application/json', 'webhook-id': 'msg_1' },
      },
    ]);
  });

  it.each([301, 302, 303, 307, 308])('does not follow a redirect, which is an answer: %i', async (status) => {
    answer = (response) => response.writeHead(status, { location: `${server.origin}/elsewhere` }).end();
    const got = await post();
    expect(got.status).toBe(status);
    got.body.destroy();
    expect(received).toHaveLength(1);
    expect(server.connections).toHaveLength(1);
  });

  it('takes an answer of any length and coding as it comes, which may be left in its midst', async () => {
    answer = (response) => {
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(10_000, 'x')));
      };
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': 10 ** 12 });
      response.write(gzipSync('y'));
      response.on('drain', more);
      more();
    };
    const closed = server.nextClose();
    const { status, body } = await post();
    expect(status).toBe(200);
    await once(body, 'readable');
    body.destroy();
    await closed;
  });

  it('ends with its time, before the headers and after', async () => {
    for (const begin of [() => {}, (response: ServerResponse) => void response.writeHead(200).write('x')]) {
      answer = begin;
      const closed = server.nextClose();
      const read = post({ timeoutMs: 300 }).then(({ body }) => text(body));
      await expect(read).rejects.toMatchObject({ reason: 'timeout' });
      await closed;
    }
  });

  it('is sent once, also when the connection breaks', async () => {
    answer = (response) => response.destroy();
    await expect(post()).rejects.toMatchObject({ reason: 'connect_failed' });
    expect(server.connections).toHaveLength(1);
  });

  it.each([
    ['http://127.0.0.2/', 'blocked_address'],
    ['http://[::ffff:127.0.0.2]/', 'blocked_address'],
    ['http://user@example.com/', 'bad_url'],
    ['ftp://example.com/', 'bad_url'],
  ])('is not sent to %s', async (url, reason) => {
    await expect(client.post(url, { body: '{}', timeoutMs: 20_000 })).rejects.toMatchObject({ reason });
    expect(server.connections).toEqual([]);
  });
});
