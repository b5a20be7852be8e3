import { connect } from 'nats';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { Experiment } from './record/experiment.js';
import { keepLogOnFailure } from './support/failure-log.js';
import { printFigures } from './support/figures.js';
import { type Random, seededRandom } from './support/random.js';
import { scaled } from './support/scale.js';

const SENT = scaled(2_000, 300, 'FAULTS_BODIES');
const AT_ONCE = 16;

/** Every route with a body, every one with an id, and some that are none. */
const ROUTES: [method: string, path: string][] = [
  ['POST', '/v1/chat/completions'],
  ['POST', '/v1/images/generations'],
  ['POST', '/v1/images/edits'],
  ['POST', '/v1/images/generations/async'],
  ['POST', '/v1/video/tasks'],
  ['POST', '/v1/video/generations/async'],
  ['DELETE', '/v1/video/tasks'],
  ['GET', '/v1/video/tasks/%00'],
  ['GET', '/v1/images/tasks/__proto__'],
  ['DELETE', '/v1/video/tasks/..%2f..%2fx'],
  ['POST', '/v1/video/tasks/task_x/retry'],
  ['GET', '/v1/files/..%2f..%2fetc%2fpasswd'],
  ['POST', '/v1/nothing'],
];
const SUBJECTS = [
  ...['grok.tasks.video', 'grok.tasks.image', 'grok.callbacks', 'grok.progress.task_x', 'grok.cancel.task_x'],
  ...['grok.chat.completions', 'grok.images.generate', 'grok.images.edit', 'grok.models.list', 'grok.usage.record'],
  ...['acquire', 'renew', 'release', 'report', 'of', 'test', 'changed', 'wanted', 'admin.list', 'admin.add'].map(
    (name) => `grok.credentials.${name}`,
  ),
  ...['list', 'admit', 'hold', 'changed', 'admin.list', 'webhook-secrets'].map((name) => `grok.client-keys.${name}`),
];

let experiment: Experiment;
let random: Random;
beforeAll(async () => {
  random = seededRandom();
  experiment = await Experiment.start({ env: { SIMULATOR_VIDEO_MS: '500' } });
});
beforeEach(() => keepLogOnFailure(experiment.system));
afterAll(async () => {
  await experiment?.stop();
});

const ATOMS = [
  ...['null', 'true', '-1e999', '1e400', '0.1', '""', '"\\ud800"', '"\\u0000"', '"💥"', '[]', '{}', 'NaN', "'x'"],
  ...[`"${'x'.repeat(20_000)}"`, '['.repeat(10_000), `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`],
  ...['"grok-4.3"', '"grok-imagine-1.0-video"', '[{"role":"user","content":"x"}]', '99999999999999999999'],
];
const NAMES = [
  'model',
  'prompt',
  'messages',
  'n',
  'stream',
  'image_url',
  'callback_url',
  'task_ids',
  '__proto__',
  'size',
];
const TYPES = [
  'application/json',
  'text/plain',
  'application/json; charset=utf-7',
  'multipart/form-data; boundary=x',
  '',
  'x',
];

function nonsense(): string {
  const kind = random.index(10);
  if (kind === 0) return ATOMS[random.index(ATOMS.length)] ?? '';
  const fields = Array.from(
    { length: random.index(6) },
    () => `${JSON.stringify(NAMES[random.index(NAMES.length)])}:${ATOMS[random.index(ATOMS.length)]}`,
  );
  const text = `{${fields.join(',')}}`;
  return kind === 1 ? text.slice(0, random.index(text.length + 1)) : text;
}

it(`nonsense on every route is refused in the words of the API, ${SENT} times`, async () => {
  const { baseUrl } = experiment.system;
  const statuses = new Map<number, number>();
  let left = SENT;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (left-- > 0) {
        const [method, path] = ROUTES[random.index(ROUTES.length)] ?? ['GET', '/'];
        const body = method === 'GET' ? null : nonsense();
        const type = random.index(3) === 0 ? TYPES[random.index(TYPES.length)] : 'application/json';
        const answer = await fetch(baseUrl + path, { method, body, headers: { 'content-type': type ?? '' } });
        const text = await answer.text();
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
        // What happens to make sense is served.
        if (answer.status < 400) {
          if (method === 'POST') experiment.sent(JSON.parse(body ?? '{}').prompt);
          continue;
        }
        expect([path, body?.slice(0, 200), answer.status < 500]).toEqual([path, body?.slice(0, 200), true]);
        expect([path, text]).toEqual([path, expect.stringMatching(/^\{"error":\{|^\{"code":/)]);
      }
    }),
  );
  printFigures(Object.fromEntries([...statuses].map(([status, count]) => [String(status), count])));
}, 300_000);

it(`nonsense on every subject of the bus ends nobody, ${SENT} times, and tasks are made meanwhile`, async () => {
  const { nats, system } = experiment;
  const names = ['api-gateway', 'chat', 'image', 'video-worker-1', 'token-pool', 'callback-dispatcher'];
  const pids = names.map((name) => system.pid(name));
  const { username, password, host } = new URL(nats.url);
  const [user, pass] = [username, password].map(decodeURIComponent);
  const bus = await connect({ servers: host, ...(user && pass ? { user, pass } : {}) });
  try {
    for (let nth = 0; nth < SENT; nth++) {
      const subject = SUBJECTS[random.index(SUBJECTS.length)] ?? '';
      const payload = random.index(5) === 0 ? Uint8Array.from({ length: 50 }, () => random.index(256)) : nonsense();
      bus.publish(subject, payload, random.index(2) === 0 ? { reply: `_INBOX.${nth}` } : {});
      if (nth % 100 === 0) await experiment.makeVideo(`amid nonsense ${nth}`);
    }
    await bus.flush();
  } finally {
    await bus.close();
  }
  const ended = await experiment.untilAllEnded();
  expect([...ended.values()].map(({ status }) => status)).toEqual([...ended].map(() => 'completed'));
  expect(names.map((name) => system.pid(name))).toEqual(pids);
  expect(system.logLines({ level: 'fatal' })).toEqual([]);
  await experiment.verify();
}, 300_000);
