import { once } from 'node:events';
import { connect } from 'node:net';
import { MemoryWatch, TestSystem } from '@grok2api/testkit';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { mediaFiles } from '../e2e/support/media-files.js';
import { keepLogOnFailure } from './support/failure-log.js';
import { printFigures } from './support/figures.js';
import { type Random, seededRandom } from './support/random.js';
import { scaled } from './support/scale.js';
import { countBy } from './support/task-list.js';

const ROUTES = ['/v1/video/upload', '/v1/images/edits', '/v1/video/tasks'];
const MUTATED = scaled(300, 50, 'FAULTS_BODIES');
const AT_ONCE = 8;
const MOST_GROWTH_MB = 100;
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAQAAAAECAIAAAAmkwkpAAAAEElEQVR4nGP4z8AARwzEcQCukw/x0F8jngAAAABJRU5ErkJggg==',
  'base64',
);

let system: TestSystem;
let random: Random;
beforeAll(async () => {
  random = seededRandom();
  system = await TestSystem.start();
});
beforeEach(() => keepLogOnFailure(system));
afterAll(async () => {
  await system?.stop();
});

const part = (head: string, content: string | Buffer = 'x') =>
  Buffer.concat([
    Buffer.from(`--b\r\ncontent-disposition: form-data; ${head}\r\n\r\n`),
    Buffer.from(content),
    Buffer.from('\r\n'),
  ]);
const END = Buffer.from('--b--\r\n');
const file = part('name="file"; filename="x.png"', PNG);

const BODIES: Record<string, Buffer> = {
  '10,000 parts': Buffer.concat([...Array.from({ length: 10_000 }, (_, nth) => part(`name="f${nth}"`)), END]),
  '10,000 files': Buffer.concat([...Array.from({ length: 10_000 }, () => file), END]),
  'nested names': Buffer.concat([part(`name="a${'[b]'.repeat(200)}"`), file, file, END]),
  'a name without end': Buffer.concat([part(`name="${'x'.repeat(100_000)}"`), END]),
  'names of a prototype': Buffer.concat([
    part('name="__proto__[admin]"'),
    part('name="constructor[prototype]"'),
    part('name="file"'),
    END,
  ]),
  'a file in __proto__': Buffer.concat([part('name="__proto__"; filename="x.png"', PNG), END]),
  'two files that climb': Buffer.concat([
    part('name="file"; filename="../../../../etc/passwd"', PNG),
    part('name="file"; filename="..\\\\..\\\\x.png"', PNG),
    END,
  ]),
  'no end': Buffer.concat([part('name="prompt"'), file.subarray(0, file.length - 10)]),
  'no name': Buffer.concat([part('filename="x.png"', PNG), END]),
  'headers without end': Buffer.from(`--b\r\n${'x: y\r\n'.repeat(20_000)}`),
  'no header': Buffer.from('--b\r\n\r\n\r\n--b--\r\n'),
  nothing: Buffer.alloc(0),
  'only its end': END,
};

const TYPES = [
  'multipart/form-data; boundary=b',
  'multipart/form-data',
  'multipart/form-data; boundary=',
  `multipart/form-data; boundary=${'x'.repeat(5_000)}`,
  'multipart/form-data; boundary="b',
  'multipart/mixed; boundary=b',
];

it('no strange multipart body is taken, or leaves anything behind', async () => {
  const before = (await mediaFiles(system)).sort();
  const memory = new MemoryWatch([system.pid('api-gateway')]);
  let sent = 0;
  for (const path of ROUTES) {
    for (const [name, body] of Object.entries(BODIES)) {
      for (const type of TYPES) {
        const status = await post(path, type, body);
        sent++;
        expect([path, name, type, status]).toEqual([
          path,
          name,
          type,
          expect.toBeOneOf([400, 413, 415, 422, 'closed']),
        ]);
      }
    }
  }
  const [gateway] = memory.stop();
  printFigures({ sent, 'MB more at most': gateway?.growth ?? 0 });
  expect(gateway?.growth).toBeLessThan(MOST_GROWTH_MB);
  await expect.poll(async () => (await mediaFiles(system)).sort(), { timeout: 10_000 }).toEqual(before);
  expect((await fetch(`${system.baseUrl}/healthz`)).status).toBe(200);
}, 240_000);

it(`a body with bytes changed, cut or doubled is taken or refused, never a fault, ${MUTATED} times`, async () => {
  const good = Buffer.concat([part('name="prompt"', 'a dog'), part('name="image"; filename="x.png"', PNG), file, END]);
  const statuses: (number | string)[] = [];
  let left = MUTATED;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (left-- > 0) statuses.push(await post(ROUTES[random.index(2)] ?? '', TYPES[0] ?? '', mutated(good)));
    }),
  );
  printFigures(countBy(statuses, String));
  expect(statuses.filter((status) => typeof status === 'number' && status >= 500)).toEqual([]);
  expect((await fetch(`${system.baseUrl}/healthz`)).status).toBe(200);
}, 240_000);

it('uploads that are cut leave nothing behind', async () => {
  const before = (await mediaFiles(system)).sort();
  for (let nth = 0; nth < 20; nth++) {
    const socket = connect(Number(new URL(system.baseUrl).port), '127.0.0.1').on('error', () => {});
    await once(socket, 'connect');
    const length = 5_000_000;
    socket.write(
      `POST /v1/video/upload HTTP/1.1\r\nhost: x\r\ncontent-type: ${TYPES[0]}\r\ncontent-length: ${length}\r\n\r\n`,
    );
    socket.write(part('name="file"; filename="x.png"', Buffer.concat([PNG, Buffer.alloc(random.index(400_000))])));
    await new Promise((resolve) => setTimeout(resolve, random.index(60)));
    socket.destroy();
  }
  await expect.poll(async () => (await mediaFiles(system)).sort(), { timeout: 20_000 }).toEqual(before);
}, 60_000);

/** Sends a body; resolves to the status, or to `closed` when the server closed before it had all of it. */
async function post(path: string, type: string, body: Buffer): Promise<number | 'closed'> {
  try {
    const answer = await fetch(system.baseUrl + path, {
      method: 'POST',
      headers: { 'content-type': type },
      body: new Uint8Array(body),
    });
    await answer.arrayBuffer();
    return answer.status;
  } catch {
    // What is too much is not read to its end.
    return 'closed';
  }
}

function mutated(good: Buffer): Buffer {
  const at = random.index(good.length);
  const [before, after] = [good.subarray(0, at), good.subarray(at)];
  const kinds = [
    () => Buffer.concat([before, Buffer.from([random.index(256)]), after.subarray(1)]),
    () => before,
    () => Buffer.concat([before, before, after]),
    () => Buffer.concat([before, after.subarray(random.index(40))]),
    () => Buffer.concat([before, Buffer.from('\r\n--b\r\n'), after]),
  ];
  return kinds[random.index(kinds.length)]?.() ?? good;
}
