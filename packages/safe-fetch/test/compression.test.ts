import { buffer } from 'node:stream/consumers';
import { brotliCompressSync, constants, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createSafeFetch, type SafeFetch } from '../src/index.js';
import { type CountingServer, startCountingServer } from './counting-server.js';

const MB = 1_000_000;
const BOMB_BYTES = 200 * MB;
const brotli = (bytes: Buffer) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } });
const CODINGS = [
  ['gzip', gzipSync],
  ['deflate', deflateSync],
  ['br', brotli],
] as const;
const bombs = new Map<string, Buffer>();

let server: CountingServer;
let client: SafeFetch;
let answer: { coding: string; body: Buffer };
let asked: string | undefined;

beforeAll(() => {
  const bytes = Buffer.alloc(BOMB_BYTES);
  for (const [coding, compress] of CODINGS) bombs.set(coding, compress(bytes));
});

beforeEach(async () => {
  server = await startCountingServer((request, response) => {
    asked = request.headers['accept-encoding'];
    response.writeHead(200, { 'content-encoding': answer.coding }).end(answer.body);
  });
  client = createSafeFetch({ allow: ['127.0.0.1/32'] });
});

afterEach(async () => {
  await client.close();
  await server.close();
});

function get(coding: string, body: Buffer, maxBytes = MB) {
  answer = { coding, body };
  return client.get(server.origin, { maxBytes, timeoutMs: 60_000, idleTimeoutMs: 20_000 });
}

describe('a compressed answer', () => {
  it.each([...CODINGS, ['x-gzip', gzipSync], ['GZip', gzipSync]] as const)(
    'is decompressed though it was not asked for: %s',
    async (coding, compress) => {
      const bytes = Buffer.from('一只猫'.repeat(10_000));
      const { body } = await get(coding, compress(bytes));
      expect(await buffer(body)).toEqual(bytes);
      expect(asked).toBe('identity');
    },
  );

  it.each(CODINGS)(
    'that is a bomb ends at the limit, with memory flat and the connection closed: %s',
    async (coding) => {
      const bomb = bombs.get(coding) ?? Buffer.alloc(0);
      expect(bomb.length).toBeLessThan(MB);
      const closed = server.nextClose();
      const before = process.memoryUsage().rss;
      const { body } = await get(coding, bomb);
      await expect(buffer(body)).rejects.toMatchObject({ reason: 'too_large' });
      await closed;
      expect(process.memoryUsage().rss - before).toBeLessThan(BOMB_BYTES / 4);
    },
  );

  it.each(CODINGS)('that is cut or broken is told: %s', async (coding, compress) => {
    const whole = compress(Buffer.from(Array.from({ length: 10_000 }, (_, index) => index % 251)));
    for (const body of [whole.subarray(0, -6), Buffer.from('not compressed at all, but text')]) {
      const read = get(coding, body).then((got) => buffer(got.body));
      await expect(read).rejects.toMatchObject({ reason: 'bad_response', cause: expect.any(Error) });
    }
  });

  it.each(['zstd', 'compress', 'gzip, gzip', 'identity, br', '__proto__', 'constructor'])(
    'is refused when it is compressed as %s',
    async (coding) => {
      const closed = server.nextClose();
      await expect(get(coding, gzipSync('x'))).rejects.toMatchObject({ reason: 'bad_response' });
      await closed;
    },
  );
});
