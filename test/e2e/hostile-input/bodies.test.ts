import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { brotliCompressSync, constants, deflateSync, gzipSync } from 'node:zlib';
import { MemoryWatch, TestSystem } from '@grok2api/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

type Body = string | Uint8Array<ArrayBuffer>;

const MB = 1_000_000;
const CHAT = '/v1/chat/completions';
const TASKS = '/v1/video/tasks';
/** Every route with a JSON body, and how it says that one is not accepted. */
const JSON_ROUTES: [method: string, path: string][] = [
  ['POST', CHAT],
  ['POST', '/v1/images/generations'],
  ['POST', '/v1/images/edits'],
  ['POST', TASKS],
  ['POST', '/v1/video/generations/async'],
  ['POST', '/v1/images/generations/async'],
  ['DELETE', TASKS],
  ['DELETE', '/v1/images/tasks'],
];

let system: TestSystem;
beforeAll(async () => {
  system = await TestSystem.start({ env: { BODIES_MAX_MB: '20' } });
});
afterAll(async () => {
  await system?.stop();
});

async function send(method: string, path: string, body: Body, headers: Record<string, string> = {}) {
  const answer = await fetch(system.baseUrl + path, {
    method,
    body,
    headers: { 'content-type': 'application/json', ...headers },
  });
  const { error } = (await answer.json()) as { error?: { code: string; message: string; param: string | null } };
  return { status: answer.status, error, headers: answer.headers };
}

const video = (prompt: string) => `{"model":"grok-imagine-1.0-video","prompt":${prompt}}`;
const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
const alive = async () => (await fetch(`${system.baseUrl}/healthz`)).status;

describe.each(JSON_ROUTES)('%s %s', (method, path) => {
  it.each<[string, string, Record<string, string>, number, string]>([
    ['is nested 10,000 levels deep', nested(10_000), {}, 400, 'json_not_accepted'],
    [
      'is nested in a field nobody reads',
      `{"x":${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}}`,
      {},
      400,
      'json_not_accepted',
    ],
    ['has the key __proto__', '{"model":"x","a":{"__proto__":{"admin":1}}}', {}, 400, 'json_not_accepted'],
    ['has the key constructor.prototype', '{"constructor":{"prototype":{}}}', {}, 400, 'json_not_accepted'],
    ['is a form', 'a=b', { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'unsupported_media_type'],
    ['is plain text', '{}', { 'content-type': 'text/plain' }, 415, 'unsupported_media_type'],
    ['is in UTF-16', '{}', { 'content-type': 'application/json; charset=utf-16' }, 415, 'unsupported_media_type'],
    ['is not compressed although it says so', '{}', { 'content-encoding': 'gzip' }, 400, 'malformed_request'],
    ['is encoded as nobody knows', '{}', { 'content-encoding': 'zstd, gzip' }, 415, 'unsupported_media_type'],
  ])('refuses a body that %s', async (_name, body, headers, status, code) => {
    expect(await send(method, path, body, headers)).toMatchObject({ status, error: { code } });
  });

  it.each<[string, Body]>([
    ['cut off', '{"model":"grok'],
    ['not UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
  ])('refuses a body that is %s', async (_name, body) => {
    const status = path.endsWith('/async') ? 422 : 400;
    expect(await send(method, path, body)).toMatchObject({ status, error: { code: 'invalid_json' } });
  });

  it.each(['"\\ud800"', '"a\\u0000b"', '"\\udfff\\ud83d"'])('refuses the text %s', async (broken) => {
    const body =
      method === 'DELETE'
        ? `{"task_ids":[${broken}]}`
        : `{"model":${broken},"prompt":${broken},"image":${broken},"messages":[{"role":"user","content":${broken}}]}`;
    const { status, error } = await send(method, path, body);
    expect([status, error?.code]).toEqual([400, 'invalid_value']);
  });
});

describe('a compressed body', () => {
  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ])('in %s is read', async (encoding, compress) => {
    const body = new Uint8Array(compress(Buffer.from(video('""'))));
    const headers = { 'content-encoding': encoding };
    expect(await send('POST', TASKS, body, headers)).toMatchObject({ status: 400, error: { code: 'empty_prompt' } });
  });

  it('counts as what it becomes: bombs are refused and cost no memory', async () => {
    const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } };
    const zeros = Buffer.alloc(500 * MB, ' ');
    const bombs = { gzip: new Uint8Array(gzipSync(zeros)), br: new Uint8Array(brotliCompressSync(zeros, quality)) };
    const watch = new MemoryWatch([system.pid('api-gateway')]);
    for (let round = 0; round < 5; round++) {
      for (const [encoding, bomb] of Object.entries(bombs)) {
        const answer = await send('POST', CHAT, bomb, { 'content-encoding': encoding });
        expect(answer).toMatchObject({ status: 413, error: { code: 'request_too_large' } });
      }
    }
    expect(watch.stop()[0]?.growth).toBeLessThan(120);
  }, 120_000);
});

describe('a large body', () => {
  it('is refused before it is read when it says how long it is', async () => {
    const socket = connect(Number(new URL(system.baseUrl).port), '127.0.0.1');
    socket.write(
      `POST ${CHAT} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${100 * MB}\r\nconnection: close\r\n\r\n{`,
    );
    const answer = await new Promise<string>((resolve) => socket.once('data', (data) => resolve(String(data))));
    expect(answer).toMatch(/^HTTP\/1.1 413 [\s\S]*request_too_large/);
    socket.destroy();
  });

  it('with a data URL of 100 MB costs no memory, whether it says how long it is or not', async () => {
    const url = `data:image/png;base64,${'A'.repeat(100 * MB)}`;
    const body = JSON.stringify({ model: 'grok-imagine-1.0-video', prompt: 'x', image_url: url });
    const watch = new MemoryWatch([system.pid('api-gateway')]);
    expect((await send('POST', TASKS, body)).status).toBe(413);
    expect(await chunked(body)).toMatchObject({ status: 413 });
    expect(watch.stop()[0]?.growth).toBeLessThan(120);
  });

  it('of nothing but small values is refused', async () => {
    const { status, error } = await send('POST', CHAT, `{"messages":[${'{},'.repeat(5 * MB)}{}]}`);
    expect([status, error?.code]).toEqual([400, 'json_not_accepted']);
  });

  it('has to wait for room among others, while small ones are served', async () => {
    const begun = `{"model":"grok-2","messages":[{"role":"user","content":"${'x'.repeat(19.5 * MB)}`;
    const fill = () => {
      const socket = connect(Number(new URL(system.baseUrl).port), '127.0.0.1');
      // One that is refused may be cut off while it is being sent; what it was answered tells.
      socket.on('error', () => {});
      socket.write(
        `POST ${CHAT} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${20 * MB}\r\n\r\n${begun}`,
      );
      return socket;
    };
    let stuck = fill();
    try {
      const another = async () => {
        // While it comes it may be the one that finds no room.
        if (stuck.bytesRead > 0) {
          stuck.destroy();
          stuck = fill();
        }
        const { status, error, headers } = await send('POST', TASKS, video(JSON.stringify('x'.repeat(MB))));
        return { status, code: error?.code, waits: Number(headers.get('retry-after')) > 0 };
      };
      await expect
        .poll(another, { timeout: 10_000 })
        .toEqual({ status: 503, code: 'service_unavailable', waits: true });
      expect((await send('POST', TASKS, video('""'))).status).toBe(400);
    } finally {
      stuck.destroy();
    }
    // The room is given back.
    await expect
      .poll(async () => (await send('POST', TASKS, video(JSON.stringify('x'.repeat(MB))))).status, { timeout: 10_000 })
      .toBe(400);
  });
});

/** Sends a body without telling its length. */
async function chunked(body: string): Promise<{ status: number | undefined; body: string }> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request(`${system.baseUrl}${TASKS}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked' },
    });
    sent.once('response', resolve).once('error', reject);
    sent.end(body);
  });
  return { status: answer.statusCode, body: await text(answer) };
}

it('none of this took the gateway down', async () => {
  expect(await alive()).toBe(200);
  expect(
    system.logLines({ service: 'api-gateway', msg: 'request failed' }).filter(({ err }) => !isRefusal(err)),
  ).toEqual([]);
});

/** Refusals for want of room are the only errors of the server that were asked for. */
function isRefusal(err: unknown): boolean {
  return typeof err === 'object' && err !== null && 'code' in err && err.code === 'service_unavailable';
}
