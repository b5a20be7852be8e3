import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { processIdentity } from '../src/supervision/process-identity.js';
import { RunDirectory } from '../src/supervision/run-directory.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'launcher-test-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function sleeper() {
  const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
  const { pid = 0 } = child;
  return {
    child,
    entry: {
      name: 'thing',
      pid,
      identity: processIdentity(pid) ?? '',
      stopSignal: 'SIGTERM' as const,
      leavesByItself: false,
    },
  };
}

test('what a dead launcher left is ended, and its files are removed', async () => {
  const { child, entry } = sleeper();
  const ended = once(child, 'exit');
  new RunDirectory(directory).started(entry);
  expect(readdirSync(directory).sort()).toEqual(['thing.json', 'thing.pid']);
  expect(await new RunDirectory(directory).endLeftovers()).toEqual(['thing']);
  expect(await ended).toEqual([null, 'SIGTERM']);
  expect(readdirSync(directory)).toEqual([]);
});

test('a pid that is another process by now is left alone', async () => {
  const { child, entry } = sleeper();
  new RunDirectory(directory).started({ ...entry, identity: 'an earlier run' });
  expect(await new RunDirectory(directory).endLeftovers()).toEqual([]);
  expect(processIdentity(entry.pid)).toBe(entry.identity);
  child.kill();
});

test('one launcher at a time; a dead one does not count', async () => {
  const { child, entry } = sleeper();
  const ended = once(child, 'exit');
  new RunDirectory(directory).started({ ...entry, name: 'launcher' });
  expect(() => new RunDirectory(directory).claim()).toThrow(`Another npm start (pid ${entry.pid})`);
  child.kill();
  await ended;
  const mine = new RunDirectory(directory);
  mine.claim();
  mine.release();
  expect(readdirSync(directory)).toEqual([]);
});

test('a record that a crash cut off does not count', () => {
  const mine = new RunDirectory(directory);
  writeFileSync(join(directory, 'launcher.json'), '{"cut off');
  mine.claim();
  expect(readdirSync(directory).sort()).toEqual(['launcher.json', 'launcher.pid']);
});
