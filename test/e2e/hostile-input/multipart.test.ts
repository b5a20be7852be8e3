import { MemoryWatch, TestSystem } from '@grok2api/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { API_ROUTES } from '../../../packages/contracts/src/index.js';
import { replyFaults } from '../../api/support/api-document.js';
import { mediaFiles } from '../support/media-files.js';
import { pictureFile } from '../support/picture.js';

const MANY = 10_000;
const BOUNDARY = 'boundary';
const TYPE = `multipart/form-data; boundary=${BOUNDARY}`;

let system: TestSystem;
let picture: Buffer;
let memory: MemoryWatch;
beforeAll(async () => {
  system = await TestSystem.start();
  picture = await pictureFile({ width: 40, height: 30, color: 'red' });
  memory = new MemoryWatch([system.pid('api-gateway')]);
});
afterAll(async () => {
  await system?.stop();
});

/** A part of a body; with a file's name it is a file. */
function part(field: string, content: string | Buffer, name?: string): Buffer {
  const filename = name === undefined ? '' : `; filename="${name}"`;
  const head = `--${BOUNDARY}\r\ncontent-disposition: form-data; name="${field}"${filename}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), Buffer.from(content), Buffer.from('\r\n')]);
}

const body = (...parts: Buffer[]) => Buffer.concat([...parts, Buffer.from(`--${BOUNDARY}--\r\n`)]);
const many = (make: (n: number) => Buffer) => Array.from({ length: MANY }, (_, n) => make(n));
const good = (field: string) => part(field, picture, 'x.png');

const HOSTILE: [name: string, make: (field: string) => Buffer, type?: string][] = [
  ['10,000 fields', (field) => body(good(field), ...many((n) => part(`f${n}`, 'x')))],
  ['10,000 fields of one name', (field) => body(good(field), ...many(() => part('prompt', 'x')))],
  ['10,000 files', (field) => body(...many(() => good(field)))],
  ['10,000 empty files', (field) => body(...many(() => part(field, '', 'x.png')))],
  ['10,000 parts without a name', (field) => body(good(field), ...many(() => part('', 'x')))],
  ['boundaries and nothing else', () => Buffer.from(`--${BOUNDARY}\r\n`.repeat(MANY))],
  ['a name nested a thousand levels deep', (field) => body(good(field), part(`a${'[a]'.repeat(1_000)}`, 'x'))],
  ['a file in a nested name', () => body(part('image[a][b]', 'x', 'x.png'))],
  [
    'files in the names of prototypes',
    () => body(part('__proto__', 'x', 'a'), part('constructor[prototype]', 'x', 'b')),
  ],
  ['a file that would climb out', (field) => body(part(field, 'x', '../../../../../../tmp/climbed.png'))],
  ['a file with NUL in its name', (field) => body(part(field, 'x', 'x.png\0.exe'))],
  ['a part with a header of 100 KB', (field) => body(part(`${field}"; x="${'x'.repeat(100_000)}`, 'x', 'x.png'))],
  [
    'a part with 10,000 headers',
    () => Buffer.from(`--${BOUNDARY}\r\n${'x: y\r\n'.repeat(MANY)}\r\nx\r\n--${BOUNDARY}--`),
  ],
  ['no end', (field) => good(field)],
  ['an end in the middle of a file', (field) => good(field).subarray(0, -picture.length / 2)],
  ['nothing', () => Buffer.alloc(0)],
  ['no boundary', (field) => body(good(field)), 'multipart/form-data'],
  ['an empty boundary', (field) => body(good(field)), 'multipart/form-data; boundary=""'],
  ['another boundary', (field) => body(good(field)), 'multipart/form-data; boundary=other'],
  ['a boundary that is a pattern', (field) => body(good(field)), 'multipart/form-data; boundary="(a+)+$"'],
  [
    'a boundary of 10,000 characters',
    (field) => body(good(field)),
    `multipart/form-data; boundary=${'x'.repeat(MANY)}`,
  ],
];

/** Every route that takes files, and the field that they come in. */
const ROUTES = API_ROUTES.flatMap((route) => {
  const [field] = Object.keys(route.body?.form?.files ?? {});
  return field === undefined ? [] : [[route.operationId, field, route] as const];
});

it('is tried on every route that takes files', () => {
  expect(ROUTES.map(([operationId]) => operationId)).toEqual(['createImageEdit', 'uploadPicture']);
});

describe.each(ROUTES)('a form for %s (%s)', (_operationId, field, route) => {
  it.each(HOSTILE)('with %s is refused, and nothing of it stays', async (_name, make, type = TYPE) => {
    const before = await mediaFiles(system);
    const answer = await fetch(system.baseUrl + route.path, {
      method: 'POST',
      headers: { 'content-type': type },
      body: new Uint8Array(make(field)),
    });
    expect([answer.status, await replyFaults(route, answer)]).toEqual([400, []]);
    await expect.poll(() => mediaFiles(system), { timeout: 5_000 }).toEqual(before);
  });
});

it('none of this cost memory, or took the gateway down', async () => {
  expect((await fetch(`${system.baseUrl}/healthz`)).status).toBe(200);
  expect(system.logLines({ service: 'api-gateway', msg: 'request failed' })).toEqual([]);
  expect(memory.stop()[0]?.growth).toBeLessThan(120);
});
