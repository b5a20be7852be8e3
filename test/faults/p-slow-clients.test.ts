import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { MemoryWatch } from '@grok2api/testkit';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { Experiment } from './record/experiment.js';
import { keepLogOnFailure } from './support/failure-log.js';
import { printFigures } from './support/figures.js';
import { scaled } from './support/scale.js';

const IDLE = scaled(2_000, 300, 'FAULTS_CONNECTIONS');
const SLOW = 50;
const OPENING = 100;
const HEADERS_TIMEOUT_MS = 2_000;
const REQUEST_TIMEOUT_MS = 6_000;
/** What the server may look later, and a slow machine. */
const GRACE_MS = 10_000;
const MOST_GROWTH_MB = 150;

let experiment: Experiment;
const sockets: Socket[] = [];
beforeAll(async () => {
  experiment = await Experiment.start({
    env: {
      HEADERS_TIMEOUT_MS: String(HEADERS_TIMEOUT_MS),
      REQUEST_TIMEOUT_MS: String(REQUEST_TIMEOUT_MS),
      SIMULATOR_VIDEO_MS: '2000',
    },
  });
});
beforeEach(() => keepLogOnFailure(experiment.system));
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await experiment?.stop();
});

it(`${IDLE} idle connections, and slow ones of each kind, are cut off in time; tasks are made and told meanwhile`, async () => {
  const memory = new MemoryWatch([experiment.system.pid('api-gateway')]);
  const begun = Date.now();
  const connections: { openMs: Promise<number> }[] = [];
  for (let opened = 0; opened < IDLE; opened += OPENING) {
    connections.push(...(await Promise.all(Array.from({ length: OPENING }, () => open('')))));
  }
  for (const [head, drop] of SLOW_ONES) {
    connections.push(...(await Promise.all(Array.from({ length: SLOW }, () => open(head, drop)))));
  }
  const openedMs = Date.now() - begun;
  const served: number[] = [];
  for (let nth = 0; nth < 5; nth++) {
    const at = Date.now();
    expect(await experiment.makeVideo(`among the slow ${nth}`)).toBeDefined();
    served.push(Date.now() - at);
  }
  const openMs = await Promise.all(connections.map((each) => each.openMs));
  const [gateway] = memory.stop();
  printFigures({
    connections: connections.length,
    'opened in ms': openedMs,
    'slowest create meanwhile ms': Math.max(...served),
    'open for ms at most': Math.max(...openMs),
    'MB more at most': gateway?.growth ?? 0,
  });
  expect(Math.max(...openMs)).toBeLessThan(REQUEST_TIMEOUT_MS + GRACE_MS);
  expect(gateway?.growth).toBeLessThan(MOST_GROWTH_MB);
  await experiment.verify();
}, 180_000);

const SLOW_ONES: readonly (readonly [head: string, drop: string])[] = [
  ['GET /healthz HTTP/1.1\r\nhost: x\r\nx-slow: ', 'x'],
  [
    'POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n{',
    ' ',
  ],
  [
    'POST /v1/video/tasks HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n',
    '1\r\n \r\n',
  ],
  [
    'POST /v1/video/upload HTTP/1.1\r\nhost: x\r\ncontent-type: multipart/form-data; boundary=x\r\ncontent-length: 100000\r\n\r\n--x',
    '\r',
  ],
];

/** Opens a connection, sends a beginning, and a drop every while. `openMs` resolves when it is closed. */
async function open(head: string, drop?: string): Promise<{ openMs: Promise<number> }> {
  const socket = connect(Number(new URL(experiment.system.baseUrl).port), '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => {}).resume();
  await once(socket, 'connect');
  const begun = Date.now();
  const openMs = new Promise<number>((resolve) => {
    for (const end of ['end', 'close']) socket.once(end, () => resolve(Date.now() - begun));
  });
  if (head !== '') socket.write(head);
  if (drop !== undefined) void drip(socket, drop);
  return { openMs };
}

async function drip(socket: Socket, drop: string): Promise<void> {
  for (; socket.writable && !socket.readableEnded; await sleep(300)) socket.write(drop);
}
