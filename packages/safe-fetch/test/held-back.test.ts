import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { createSafeFetch, type SafeFetch } from '../src/index.js';

const HEAD = 'HTTP/1.1 200 OK\r\nConnection: close\r\n';
// Whether the client has taken the last byte when it stops depends on its buffers.
const SIZES = [65_536, 81_920, 98_304, 131_072, 147_456, 163_840, 200_000];

const chunkOf = (body: Buffer) =>
  Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n')]);
const FRAMINGS: Record<string, (body: Buffer) => (string | Buffer)[]> = {
  'a length': (body) => [`${HEAD}Content-Length: ${body.length}\r\n\r\n`, body],
  chunks: (body) => [`${HEAD}Transfer-Encoding: chunked\r\n\r\n`, chunkOf(body), '0\r\n\r\n'],
  'its end': (body) => [`${HEAD}\r\n`, body],
};
const CUT: Record<string, (body: Buffer) => (string | Buffer)[]> = {
  'a length': (body) => [`${HEAD}Content-Length: ${body.length + 1}\r\n\r\n`, body],
  chunks: (body) => [`${HEAD}Transfer-Encoding: chunked\r\n\r\n`, chunkOf(body)],
};
const casesOf = (framings: typeof FRAMINGS) =>
  Object.entries(framings).flatMap(([framing, partsOf]) =>
    SIZES.map((bytes) => ({ framing, bytes, body: Buffer.alloc(bytes, 'x'), partsOf })),
  );

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
  // Nobody reads while the server ends: the answer is held back. The client tells nobody when it has seen that end.
  await closed;
  await sleep(50);
  return answer;
}

describe('a server that closes while its answer is held back', () => {
  it.each(casesOf(FRAMINGS))('loses nothing of $bytes bytes that end by $framing', async ({ body, partsOf }) => {
    expect((await buffer((await get(partsOf(body))).body)).equals(body)).toBe(true);
  });

  it.each(casesOf(CUT))(
    'does not make a whole of $bytes bytes that $framing says are cut',
    async ({ body, partsOf }) => {
      const answer = await get(partsOf(body));
      await expect(buffer(answer.body)).rejects.toThrow();
    },
  );
});
