import type { ServerResponse } from 'node:http';
import { MemoryWatch, Receiver, TestSystem } from '@grok2api/testkit';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { keepLogOnFailure } from './support/failure-log.js';
import { printFigures } from './support/figures.js';
import { type Liar, type Lie, startLiar } from './support/liar.js';

const DEADLINE_MS = 10_000;
/** The worker's own patience with what is only wrong for now comes on top of the deadline. */
const ENDED_WITHIN_MS = 60_000;
const MOST_GROWTH_MB = 150;
const BIG = 64 * 1024;

const json = (response: ServerResponse, body: unknown, status = 200) =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
const done = (response: ServerResponse, url: unknown) => json(response, { status: 'done', video: { url } });

/** Writes for as long as somebody reads, or so many times. */
function pour(response: ServerResponse, piece: Buffer, everyMs: number, times = Number.POSITIVE_INFINITY): void {
  let left = times;
  const next = () => {
    if (response.destroyed) return;
    if (left-- <= 0) response.end();
    else if (!response.write(piece)) response.once('drain', next);
    else setTimeout(next, everyMs);
  };
  next();
}

let canary: Receiver;
let liar: Liar;
let system: TestSystem;

/** How each lie has to end, and within bounded memory and time. */
const LIES: Record<string, Lie & { code: RegExp }> = {
  'an-error-in-a-success': {
    poll: (response) => json(response, { error: 'Something broke', code: 'internal' }),
    code: /task_timeout|upstream_error/,
  },
  'html-in-a-success': {
    poll: (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>sorry</html>'),
    code: /task_timeout|upstream_error/,
  },
  'cut-json': {
    poll: (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"do'),
    code: /task_timeout|upstream_error/,
  },
  'a-huge-answer': {
    poll: (response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      pour(response, Buffer.alloc(BIG, ' '), 0, 4_000);
    },
    code: /task_timeout|upstream_error/,
  },
  'an-answer-that-drips': {
    poll: (response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      pour(response, Buffer.from(' '), 200);
    },
    code: /task_timeout|upstream_error/,
  },
  'never-ending': {
    poll: (response) => json(response, { status: 'pending', progress: 50 }, 202),
    code: /task_timeout/,
  },
  'progress-that-goes-back': {
    poll: (response, _origin, nth) => json(response, { status: 'pending', progress: Math.max(0, 90 - 20 * nth) }, 202),
    code: /task_timeout/,
  },
  'progress-of-nonsense': {
    poll: (response) => json(response, { status: 'pending', progress: -1e9 }, 202),
    code: /task_timeout|upstream_error/,
  },
  'a-state-that-nobody-knows': {
    poll: (response) => json(response, { status: 'dreaming' }),
    code: /task_timeout|upstream_error/,
  },
  'done-without-a-url': {
    poll: (response) => json(response, { status: 'done' }),
    code: /task_timeout|upstream_error|content_policy/,
  },
  'done-with-a-number': {
    poll: (response) => done(response, 42),
    code: /task_timeout|upstream_error|result_unavailable/,
  },
  'a-private-address': { poll: (response) => done(response, canary.url('/private')), code: /result_unavailable/ },
  'a-file-of-the-host': {
    poll: (response) => done(response, 'file:///etc/passwd'),
    code: /result_unavailable|task_timeout|upstream_error/,
  },
  'a-redirect-to-a-private-address': {
    poll: (response, origin) => done(response, `${origin}/file/a-redirect-to-a-private-address`),
    file: (response) => response.writeHead(302, { location: canary.url('/redirected') }).end(),
    code: /result_unavailable|task_timeout/,
  },
  'a-file-of-html': {
    poll: (response, origin) => done(response, `${origin}/file/a-file-of-html`),
    file: (response) => response.writeHead(200, { 'content-type': 'video/mp4' }).end('<html>sorry</html>'),
    code: /task_timeout|result_unavailable/,
  },
  'a-file-without-end': {
    poll: (response, origin) => done(response, `${origin}/file/a-file-without-end`),
    file: (response) => {
      response.writeHead(200, { 'content-type': 'video/mp4' });
      response.write('\0\0\0\x18ftypmp42');
      pour(response, Buffer.alloc(BIG), 0);
    },
    code: /result_unavailable/,
  },
};

beforeAll(async () => {
  canary = await Receiver.start();
  liar = await startLiar(LIES);
  system = await TestSystem.start({
    env: {
      XAI_API_KEY: 'xai-liar-key',
      XAI_BASE_URL: liar.baseUrl,
      VIDEO_WORKER_SLOTS: '20',
      VIDEO_DEADLINE_MS: String(DEADLINE_MS),
      RESULT_MAX_MB: '50',
    },
  });
});
beforeEach(() => keepLogOnFailure(system));
afterAll(async () => {
  await system?.stop();
  await liar?.stop();
  await canary?.stop();
});

it('an upstream lies in every way: a clear error each, in bounded memory and time, and nobody else is called', async () => {
  const memory = new MemoryWatch([system.pid('video-worker-1')]);
  const begun = Date.now();
  const ends = await Promise.all(
    Object.entries(LIES).map(async ([name, { code }]) => {
      const id = await system.tasks().create(name);
      const ended = await system.tasks().ended(id, ENDED_WITHIN_MS);
      printFigures({ [name]: `${ended.error?.code ?? ended.status} after ${Date.now() - begun} ms` });
      return { name, ended, code };
    }),
  );
  const [worker] = memory.stop();
  printFigures({ 'worker MB': worker?.before ?? 0, 'MB more at most': worker?.growth ?? 0 });
  for (const { name, ended, code } of ends) {
    expect([name, ended.status]).toEqual([name, 'failed']);
    expect([name, ended.error?.code]).toEqual([name, expect.stringMatching(code)]);
    expect(ended.error?.message.length).toBeGreaterThan(5);
  }
  expect(canary.received).toEqual([]);
  expect(worker?.growth).toBeLessThan(MOST_GROWTH_MB);
}, 120_000);
