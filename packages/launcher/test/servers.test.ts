import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLogger } from '@grok2api/service-kit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { prepareNats } from '../src/nats-server/prepare-nats.js';
import { preparePostgres } from '../src/postgres/prepare-postgres.js';
import type { PreparedServer, ServerOptions } from '../src/prepared-server.js';
import { processIdentity } from '../src/supervision/process-identity.js';
import { RunDirectory } from '../src/supervision/run-directory.js';
import type { SupervisedProcess } from '../src/supervision/supervised-process.js';

// Made with mode 700: run by root, the servers' own user cannot reach what is in it without help.
let dataDir: string;
let options: ServerOptions;
const running: SupervisedProcess[] = [];

beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'launcher-test-'));
  options = {
    dataDir,
    cacheDir: fileURLToPath(new URL('../../../.cache', import.meta.url)),
    env: process.env,
    register: new RunDirectory(join(dataDir, 'run')),
    log: createLogger({ service: 'test', instance: 'test', level: 'silent' }),
    signal: new AbortController().signal,
  };
});

afterAll(async () => {
  await Promise.all(running.map((each) => each.stop()));
  rmSync(dataDir, { recursive: true });
});

interface StartedServer {
  url: string;
  process: SupervisedProcess;
}

async function started(prepare: (options: ServerOptions) => Promise<PreparedServer>): Promise<StartedServer> {
  const { url, newProcess } = await prepare(options);
  const server = newProcess();
  running.push(server);
  await server.start();
  return { url, process: server };
}

/** The first bytes that the server sends, to `request` when there is one. */
async function firstAnswer(url: string, request?: Buffer): Promise<Buffer> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  try {
    if (request) socket.write(request);
    const [data] = await once(socket, 'data');
    return data;
  } finally {
    socket.destroy();
  }
}

// StartupMessage of protocol 3.0.
function startupMessage(fields: Record<string, string>): Buffer {
  const text = `${Object.entries(fields).flat().join('\0')}\0\0`;
  const message = Buffer.alloc(8 + Buffer.byteLength(text));
  message.writeInt32BE(message.length, 0);
  message.writeInt32BE(196_608, 4);
  message.write(text, 8);
  return message;
}

const hello = () => startupMessage({ user: 'grok2api', database: 'grok2api' });

async function killAndAwaitReturn(server: StartedServer, answer: () => Promise<Buffer>): Promise<void> {
  const first = server.process.pid ?? 0;
  process.kill(first, 'SIGKILL');
  await expect.poll(() => processIdentity(first), { timeout: 10_000 }).toBeUndefined();
  await expect
    .poll(
      () =>
        answer().then(
          (data) => data.length,
          () => 0,
        ),
      { timeout: 30_000 },
    )
    .toBeGreaterThan(0);
  expect(server.process.pid).not.toBe(first);
}

test('nats: asks for its password, has JetStream, comes back after kill -9 on the same port', async () => {
  const server = await started(prepareNats);
  const info = (await firstAnswer(server.url)).toString();
  expect(info).toMatch(/^INFO \{.*"auth_required":true.*"jetstream":true/);
  expect(statSync(join(dataDir, 'nats.password')).mode & 0o777).toBe(0o600);
  expect(statSync(join(dataDir, 'nats.conf')).mode & 0o777).toBe(0o600);
  await killAndAwaitReturn(server, () => firstAnswer(server.url));
});

test('postgres: asks for SCRAM, comes back after kill -9, and starts again with its data', async () => {
  const server = await started(preparePostgres);
  // AuthenticationSASL, then the mechanisms.
  const answer = await firstAnswer(server.url, hello());
  expect([answer.toString('latin1', 0, 1), answer.readInt32BE(5), answer.toString('latin1', 9, 22)]).toEqual([
    'R',
    10,
    'SCRAM-SHA-256',
  ]);
  expect(statSync(join(dataDir, 'postgres.password')).mode & 0o777).toBe(0o600);
  await killAndAwaitReturn(server, () => firstAnswer(server.url, hello()));

  const cluster = statSync(join(dataDir, 'postgres', 'PG_VERSION')).ino;
  await server.process.stop();
  const again = await started(preparePostgres);
  expect(new URL(again.url).password).toBe(new URL(server.url).password);
  expect(statSync(join(dataDir, 'postgres', 'PG_VERSION')).ino).toBe(cluster);
});
