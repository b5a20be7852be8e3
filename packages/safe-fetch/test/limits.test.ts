import { once } from 'node:events';
import type { IncomingMessage, RequestListener } from 'node:http';
import { createServer } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { createSafeFetch, type GetOptions, type SafeFetch, SafeFetchError } from '../src/index.js';
import { type CountingServer, startCountingServer } from './counting-server.js';

let server: CountingServer;
let client: SafeFetch;

afterEach(async () => {
  await client.close();
  await server.close();
});

async function serve(answer: RequestListener): Promise<void> {
  server = await startCountingServer(answer);
  client = createSafeFetch({ allow: ['127.0.0.1/32'] });
}

function get(options: Partial<GetOptions> = {}, path = '/') {
  return client.get(`${server.origin}${path}`, {
    maxBytes: 1000,
    timeoutMs: 20_000,
    idleTimeoutMs: 20_000,
    ...options,
  });
}

describe('the limit of bytes', () => {
  it('lets exactly maxBytes pass, declared or not', async () => {
    await serve((request, response) => {
      if (request.url === '/declared') response.setHeader('content-length', 1000);
      else response.write('x');
      response.end('x'.repeat(request.url === '/declared' ? 1000 : 999));
    });
    expect(await buffer((await get({}, '/declared')).body)).toHaveLength(1000);
    expect(await buffer((await get({}, '/chunked')).body)).toHaveLength(1000);
  });

  it('refuses a declared length before the body, and closes the connection', async () => {
    await serve((_request, response) => response.writeHead(200, { 'content-length': 1001 }).flushHeaders());
    const closed = server.nextClose();
    await expect(get()).rejects.toMatchObject({ reason: 'too_large' });
    await closed;
  });

  it('ends an undeclared length at the limit, and closes the connection', async () => {
    let sent = 0;
    await serve((_request, response) => {
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(1000))) sent += 1000;
      };
      response.on('drain', more);
      more();
    });
    const closed = server.nextClose();
    const { body } = await get({ maxBytes: 100_000 });
    await expect(buffer(body)).rejects.toMatchObject({ reason: 'too_large', name: 'BodyTooLargeError' });
    await closed;
    expect(sent).toBeLessThan(50_000_000);
  });

  it('refuses oversized headers', async () => {
    await serve((_request, response) => response.writeHead(200, { 'x-long': 'x'.repeat(20_000) }).end());
    await expect(get()).rejects.toMatchObject({ reason: 'bad_response' });
  });
});

describe('the limits of time', () => {
  it('end a body that drips', async () => {
    await serve((_request, response) => {
      const drip = setInterval(() => response.write('.'), 20);
      response.on('close', () => clearInterval(drip));
    });
    const closed = server.nextClose();
    const { body } = await get({ timeoutMs: 500 });
    await expect(text(body)).rejects.toMatchObject({ reason: 'timeout', name: 'FetchTimeoutError' });
    await closed;
  });

  it('end a body that falls silent, long before the whole time is over', async () => {
    await serve((_request, response) => response.write('first'));
    const closed = server.nextClose();
    const { body } = await get({ timeoutMs: 600_000, idleTimeoutMs: 300 });
    await expect(text(body)).rejects.toMatchObject({ reason: 'timeout' });
    await closed;
  });

  it('end the waiting for headers, by silence and by the whole time', async () => {
    await serve(() => {});
    for (const times of [{ idleTimeoutMs: 300 }, { timeoutMs: 300 }]) {
      const closed = server.nextClose();
      await expect(get(times)).rejects.toMatchObject({ reason: 'timeout' });
      await closed;
    }
  });

  it('end a resolver that does not answer', async () => {
    await serve(() => {});
    client = createSafeFetch({ lookup: () => new Promise(() => {}) });
    const options = { maxBytes: 1, timeoutMs: 200, idleTimeoutMs: 20_000 };
    await expect(client.get('http://silent.example/', options)).rejects.toMatchObject({ reason: 'timeout' });
  });

  it('end a body that nobody reads, and the process lives on', async () => {
    await serve((_request, response) => response.writeHead(404).write('x'.repeat(100)));
    const closed = server.nextClose();
    const { status } = await get({ timeoutMs: 300 });
    expect(status).toBe(404);
    await closed;
  });
});

describe('redirects', () => {
  const redirect: RequestListener = (request, response) => {
    const left = Number(request.url?.slice(1));
    if (left > 0) response.writeHead(307, { location: `/${left - 1}` });
    response.end('the end');
  };

  it('are followed three times, and not a fourth', async () => {
    await serve(redirect);
    expect(await text((await get({}, '/3')).body)).toBe('the end');
    expect(server.connections).toHaveLength(4);
    await expect(get({}, '/4')).rejects.toMatchObject({ reason: 'too_many_redirects' });
    expect(server.connections).toHaveLength(8);
    await expect(get({ maxRedirects: 0 }, '/1')).rejects.toMatchObject({ reason: 'too_many_redirects' });
  });

  it('carry the headers of the caller to the same origin only', async () => {
    const received: IncomingMessage['headers'][] = [];
    const target = await startCountingServer((request, response) => {
      received.push(request.headers);
      response.end();
    });
    await serve((request, response) => {
      received.push(request.headers);
      response.writeHead(302, { location: request.url === '/' ? '/again' : target.origin }).end();
    });
    await text((await get({ headers: { authorization: 'Bearer secret' } })).body);
    await target.close();
    expect(received.map(({ authorization }) => authorization)).toEqual(['Bearer secret', 'Bearer secret', undefined]);
  });
});

describe('the signal of the caller', () => {
  const reason = new Error('the client left');

  it('ends the waiting for headers, with its reason', async () => {
    const abort = new AbortController();
    await serve(() => abort.abort(reason));
    const closed = server.nextClose();
    await expect(get({ signal: abort.signal })).rejects.toBe(reason);
    await closed;
  });

  it('ends a body, with its reason, and the connection', async () => {
    const abort = new AbortController();
    await serve((_request, response) => response.write('first'));
    const closed = server.nextClose();
    const { body } = await get({ signal: abort.signal });
    const read = text(body);
    abort.abort(reason);
    await expect(read).rejects.toBe(reason);
    await closed;
  });

  it('aborted before, lets nothing be sent', async () => {
    await serve((_request, response) => response.end());
    await expect(get({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(server.connections).toEqual([]);
  });

  it('is not needed to give up a body', async () => {
    await serve((_request, response) => response.write('first'));
    const closed = server.nextClose();
    const { body } = await get();
    body.destroy();
    await closed;
  });
});

describe('faults of the other side', () => {
  it.each([
    ['no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n', 'bad_response'],
    ['an end before the headers', '', 'connect_failed'],
    ['a cut body', 'HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\nhalf', 'connect_failed'],
  ])('are told: %s', async (_what, bytes, reason) => {
    await serve(() => {});
    const raw = createServer((socket) => socket.end(bytes)).listen(0, '127.0.0.1');
    await once(raw, 'listening');
    const address = raw.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const options = { maxBytes: 1000, timeoutMs: 20_000, idleTimeoutMs: 20_000 };
    const fetched = client.get(`http://127.0.0.1:${address.port}/`, options).then(({ body }) => text(body));
    await expect(fetched).rejects.toMatchObject({ reason, cause: expect.any(Error) });
    raw.close();
  });

  it('are told when nobody listens and when a name is unknown', async () => {
    await serve(() => {});
    const unknown = Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
    await server.close();
    await expect(get()).rejects.toMatchObject({ reason: 'connect_failed', cause: { code: 'ECONNREFUSED' } });
    await serve(() => {});
    client = createSafeFetch({ lookup: () => Promise.reject(unknown) });
    const options = { maxBytes: 1, timeoutMs: 20_000, idleTimeoutMs: 20_000 };
    const error: unknown = await client.get('https://unknown.example/', options).catch((fault: unknown) => fault);
    expect(error).toBeInstanceOf(SafeFetchError);
    expect(error).toMatchObject({ reason: 'connect_failed', cause: unknown });
  });
});
