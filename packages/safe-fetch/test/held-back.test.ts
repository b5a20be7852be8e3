import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { createSafeFetch, type SafeFetch } from '../src/index.js';

const BODY = Buffer.alloc(200_000, 'x');
const HEAD = 'HTTP/1.1 200 OK\r\nConnection: close\r\n';
const chunk = Buffer.concat([Buffer.from(`${BODY.length.toString(16)}\r\n`), BODY, Buffer.from('\r\n')]);
const FRAMINGS = {
  'a length': [`${HEAD}Content-Length: ${BODY.length}\r\n\r\n`, BODY],
  chunks: [`${HEAD}Transfer-Encoding: chunked\r\n\r\n`, chunk, '0\r\n\r\n'],
  'its end': [`${HEAD}\r\n`, BODY],
} as const;
const CUT = {
  'a length': [`${HEAD}Content-Length: ${BODY.length + 1}\r\n\r\n`, BODY],
  chunks: [`${HEAD}Transfer-Encoding: chunked\r\n\r\n`, chunk],
} as const;

let stop: () => Promise<unknown>;
afterEach(() => stop());

/** A server that sends everything and closes at once, whatever the other side takes. */
async function get(parts: readonly (string | Buffer)[]) {
  const server = createServer((socket: Socket) => {
    socket.once('data', () => {
      for (const part of parts) socket.write(part);
      socket.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client: SafeFetch = createSafeFetch({ allow: ['127.0.0.1/32'] });
  stop = () => Promise.all([client.close(), new Promise((resolve) => server.close(resolve))]);
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const closed = once(server, 'connection').then(([socket]) => once(socket as Socket, 'finish'));
  const answer = await client.get(`http://127.0.0.1:${port}/`, {
    maxBytes: 1_000_000,
    timeoutMs: 20_000,
    idleTimeoutMs: 20_000,
  });
  // Nobody reads while the server ends: the answer is held back.
  await closed;
  await new Promise((resolve) => setImmediate(resolve));
  return answer;
}

describe('a server that closes while its answer is held back', () => {
  it.each(Object.entries(FRAMINGS))('loses nothing of a body that ends by %s', async (_framing, parts) => {
    expect((await buffer((await get(parts)).body)).equals(BODY)).toBe(true);
  });

  it.each(Object.entries(CUT))(
    'does not make a whole of a body cut before %s says that it ends',
    async (_framing, parts) => {
      const { body } = await get(parts);
      await expect(buffer(body)).rejects.toThrow();
    },
  );
});
