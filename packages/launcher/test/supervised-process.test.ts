import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@grok2api/service-kit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Backoff } from '../src/supervision/backoff.js';
import { processIdentity } from '../src/supervision/process-identity.js';
import { RunDirectory } from '../src/supervision/run-directory.js';
import { type ProcessSpec, SupervisedProcess } from '../src/supervision/supervised-process.js';

const log = createLogger({ service: 'test', instance: 'test', level: 'silent' });
let directory: string;
let register: RunDirectory;
let made: SupervisedProcess[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'launcher-test-'));
  register = new RunDirectory(directory);
  made = [];
});

afterEach(async () => {
  await Promise.all(made.map((each) => each.stop()));
  rmSync(directory, { recursive: true });
});

/** A Node process that runs `script`; `lines` has an entry for each line of its output, `next` awaits one. */
function supervise(script: string, spec: Partial<ProcessSpec> = {}) {
  const waiting: ((line: string) => void)[] = [];
  const lines: string[] = [];
  const supervised = new SupervisedProcess(
    {
      name: 'thing',
      file: process.execPath,
      args: ['-e', script],
      env: { PATH: process.env.PATH },
      cwd: directory,
      channel: false,
      stopSignal: 'SIGTERM',
      stopTimeoutMs: 10_000,
      onLine: (line) => {
        const waiter = waiting.shift();
        if (waiter) waiter(line);
        else lines.push(line);
      },
      ...spec,
    },
    { register, log, backoff: new Backoff({ firstMs: 20, maxMs: 100, resetAfterMs: 60_000 }) },
  );
  made.push(supervised);
  const next = async () => lines.shift() ?? new Promise<string>((resolve) => waiting.push(resolve));
  return { supervised, next };
}

const pidFile = () => Number(readFileSync(join(directory, 'thing.pid'), 'utf8'));

test('killed, it runs again under another pid, which the pid file has', async () => {
  const { supervised, next } = supervise('console.log(process.pid); setInterval(() => {}, 1e6)');
  await supervised.start();
  const first = Number(await next());
  expect([supervised.pid, pidFile()]).toEqual([first, first]);
  process.kill(first, 'SIGKILL');
  const second = Number(await next());
  expect(second).not.toBe(first);
  expect([supervised.pid, pidFile()]).toEqual([second, second]);
});

test('ended, all that it said has come before its end is told', async () => {
  const said: string[] = [];
  const heard: boolean[] = [];
  const tenTimes = new Promise<void>((resolve) => {
    const { supervised } = supervise('require("node:fs").writeSync(1, "x".repeat(60000) + "\\nlast words\\n")', {
      onLine: (line) => said.push(line),
      onExit: () => {
        heard.push(said.splice(0).at(-1) === 'last words');
        if (heard.length === 10) resolve();
      },
    });
    void supervised.start();
  });
  await tenTimes;
  expect(heard).toEqual(Array(10).fill(true));
});

test('stopped, it stays away and leaves no pid file', async () => {
  const { supervised, next } = supervise('console.log(process.pid); setInterval(() => {}, 1e6)');
  await supervised.start();
  const pid = Number(await next());
  await supervised.stop();
  expect(processIdentity(pid)).toBeUndefined();
  expect(existsSync(join(directory, 'thing.pid'))).toBe(false);
});

test('deaf to its stop signal, it is killed with what it started', async () => {
  const child = `require('node:child_process').spawn('sleep', ['1000'])`;
  const { supervised, next } = supervise(
    `process.on('SIGTERM', () => {}); console.log(${child}.pid); setInterval(() => {}, 1e6)`,
    { stopTimeoutMs: 100 },
  );
  await supervised.start();
  const grandchild = Number(await next());
  await supervised.stop();
  expect(supervised.pid).toBeUndefined();
  await expect.poll(() => processIdentity(grandchild)).toBeUndefined();
});

test('ready is when it says so; ending before that is a failure with its last lines', async () => {
  const ready = supervise(
    'console.log("warming"); setTimeout(() => console.log("all set"), 50); setInterval(() => {}, 1e6)',
    {
      readyLine: /all set/,
    },
  );
  await ready.supervised.start();
  expect([await ready.next(), await ready.next()]).toEqual(['warming', 'all set']);

  const { supervised } = supervise('console.log("no luck"); process.exit(3)', { readyLine: /all set/ });
  await expect(supervised.start()).rejects.toMatchObject({
    message: 'thing ended while it was starting (exit code 3).',
    details: ['no luck'],
  });
});

test('a program that is not there is a failure', async () => {
  const { supervised } = supervise('', { file: join(directory, 'absent') });
  await expect(supervised.start()).rejects.toThrow('thing cannot be started');
});

test('its exit code is reported', async () => {
  const codes: (number | null)[] = [];
  const { supervised, next } = supervise('console.log("on"); setTimeout(() => process.exit(78), 50)', {
    onExit: ({ code }) => codes.push(code),
  });
  await supervised.start();
  await next();
  await next();
  expect(codes).toEqual([78]);
});
