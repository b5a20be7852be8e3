import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freeLoopbackPort } from '../src/ports.js';
import { processIdentity } from '../src/supervision/process-identity.js';

const LAUNCH = fileURLToPath(new URL('./stand-ins/launch.mjs', import.meta.url));
const NAMES = [
  'api-gateway',
  'guardian',
  'launcher',
  'nats',
  'postgres',
  'token-pool',
  'video-worker-1',
  'video-worker-2',
];

let dataDir: string;
let port: number;
const launchers: ChildProcess[] = [];

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'launcher-test-'));
  port = await freeLoopbackPort();
});

afterEach(async () => {
  for (const launcher of launchers.splice(0)) {
    if (launcher.exitCode !== null || launcher.signalCode !== null) continue;
    launcher.kill('SIGTERM');
    await once(launcher, 'exit');
  }
  rmSync(dataDir, { recursive: true });
});

interface Launcher {
  child: ChildProcess;
  lines: string[];
  errors: () => string;
  ended: Promise<unknown[]>;
}

function launch(...extra: string[]): Launcher {
  const child = spawn(process.execPath, [LAUNCH, dataDir, String(port), ...extra], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  launchers.push(child);
  const lines: string[] = [];
  let errors = '';
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  return { child, lines, errors: () => errors, ended: once(child, 'close') };
}

async function ready(launcher: Launcher): Promise<void> {
  await expect.poll(() => launcher.lines.includes('READY') || launcher.errors(), { timeout: 60_000 }).toBe(true);
}

function pids(): Map<string, number> {
  const run = join(dataDir, 'run');
  const files = readdirSync(run).filter((file) => file.endsWith('.pid'));
  return new Map(files.sort().map((file) => [file.slice(0, -4), Number(readFileSync(join(run, file), 'utf8'))]));
}

const allGone = (all: Map<string, number>) => [...all.values()].every((pid) => processIdentity(pid) === undefined);

test('starts everything, restarts what dies, stops everything', { timeout: 120_000 }, async () => {
  const launcher = launch();
  await ready(launcher);
  const before = pids();
  expect([...before.keys()]).toEqual(NAMES);
  expect(await (await fetch(`http://127.0.0.1:${port}/health`)).text()).toBe('video-worker');

  const given = () => {
    const lines = launcher.lines.filter((line) => line.includes('"msg":"given"')).map((line) => JSON.parse(line));
    return Object.fromEntries(lines.map((line) => [line.instance, line.given]));
  };
  await expect.poll(given, { timeout: 20_000 }).toEqual({
    'token-pool': ['NATS_URL', 'DATABASE_URL', 'CREDENTIALS_KEY'],
    'video-worker-1': ['NATS_URL', 'DATABASE_URL'],
    'video-worker-2': ['NATS_URL', 'DATABASE_URL'],
  });

  const victims = ['video-worker-2', 'nats', 'guardian'];
  for (const name of victims) process.kill(before.get(name) ?? 0, 'SIGKILL');
  await expect
    .poll(() => victims.every((name) => ![undefined, before.get(name)].includes(pids().get(name))), { timeout: 20_000 })
    .toBe(true);

  const second = launch();
  expect(await second.ended).toEqual([1, null]);
  expect(second.errors()).toContain(`Another npm start (pid ${launcher.child.pid}) uses this data directory`);

  const after = pids();
  launcher.child.kill('SIGINT');
  expect(await launcher.ended).toEqual([0, null]);
  expect(allGone(after)).toBe(true);
  expect(readdirSync(join(dataDir, 'run'))).toEqual([]);
});

test('a launcher that is killed leaves nothing running for long', { timeout: 120_000 }, async () => {
  const launcher = launch();
  await ready(launcher);
  const all = pids();
  launcher.child.kill('SIGKILL');
  await expect.poll(() => allGone(all), { timeout: 20_000 }).toBe(true);
});

test('a start ends first what a killed launcher left', { timeout: 120_000 }, async () => {
  const first = launch();
  await ready(first);
  const all = pids();
  first.child.kill('SIGKILL');
  await first.ended;
  const second = launch();
  await ready(second);
  expect(allGone(all)).toBe(true);
  expect([...pids().keys()]).toEqual(NAMES);
});

test('told to stop while it starts, it stops', { timeout: 120_000 }, async () => {
  const launcher = launch();
  await expect
    .poll(() => launcher.lines.some((line) => line.includes('making the database')), { timeout: 30_000 })
    .toBe(true);
  launcher.child.kill('SIGTERM');
  expect(await launcher.ended).toEqual([0, null]);
  expect(readdirSync(join(dataDir, 'run'))).toEqual([]);
});

test('a used port is one sentence, before anything starts', async () => {
  const other = createServer().listen(port, '127.0.0.1');
  await once(other, 'listening');
  const launcher = launch();
  expect(await launcher.ended).toEqual([1, null]);
  expect(launcher.errors()).toMatch(new RegExp(`^Port ${port} is in use: .*\\n$`));
  expect(readdirSync(dataDir)).toEqual(['run']);
  other.close();
});

test("a service's bad setting stops the start with its sentence", { timeout: 120_000 }, async () => {
  const launcher = launch('bad-setting.mjs');
  expect(await launcher.ended).toEqual([1, null]);
  expect(launcher.errors()).toBe('extra cannot work with its settings. COLOUR must be blue\n');
  expect(readdirSync(join(dataDir, 'run'))).toEqual([]);
});

test('a setting that a service finds wrong after the start stops everything, with its sentence', {
  timeout: 120_000,
}, async () => {
  const launcher = launch('bad-setting-later.mjs');
  await ready(launcher);
  // Before, the signal would be its end.
  await expect
    .poll(() => launcher.lines.some((line) => line.includes('waiting to be told')), { timeout: 30_000 })
    .toBe(true);
  process.kill(pids().get('extra') ?? 0, 'SIGUSR2');
  expect(await launcher.ended).toEqual([1, null]);
  expect(launcher.errors()).toBe('extra cannot work with its settings. COLOUR must be blue\n');
  expect(readdirSync(join(dataDir, 'run'))).toEqual([]);
});
