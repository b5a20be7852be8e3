import { Readable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { createLogger } from '@grok2api/service-kit';
import { expect, test } from 'vitest';
import { jsonOutput, prettyOutput } from '../src/logs/log-output.js';
import { readLines } from '../src/logs/read-lines.js';
import { ServiceLines } from '../src/logs/service-lines.js';
import { logNatsLine } from '../src/nats-server/nats-lines.js';
import { logPostgresLine } from '../src/postgres/postgres-lines.js';

function recorder(level = 'debug') {
  const written: string[] = [];
  const output = jsonOutput((text) => written.push(text));
  const log = createLogger({ service: 'thing', instance: 'thing-1', level, destination: output });
  const entries = () => written.map((line) => JSON.parse(line)).map(({ level, msg }) => `${level}: ${msg}`);
  return { written, output, log, entries };
}

test('lines come whole, however the output was cut', async () => {
  const lines: string[] = [];
  const stream = Readable.from([Buffer.from('first\nsec'), Buffer.from('ond\r\n\n'), Buffer.from('last')]);
  readLines(stream, (line) => lines.push(line));
  await new Promise((resolve) => stream.on('close', resolve));
  expect(lines).toEqual(['first', 'second', 'last']);
});

test("a service's own lines pass unchanged, anything else is wrapped in its name", () => {
  const { written, output, log } = recorder();
  const lines = new ServiceLines(output, log);
  const own = '{"level":"fatal","instance":"thing-1","msg":"PORT is not set"}';
  lines.take(own, 'stdout');
  lines.take('(node:1) Warning: old', 'stderr');
  lines.take('{"not": "a log line"}', 'stdout');
  expect(written[0]).toBe(`${own}\n`);
  expect(written.slice(1).map((line) => JSON.parse(line))).toMatchObject([
    { level: 'warn', service: 'thing', instance: 'thing-1', msg: '(node:1) Warning: old' },
    { level: 'info', service: 'thing', instance: 'thing-1', msg: '{"not": "a log line"}' },
  ]);
  expect(lines.takeFatalMessages()).toEqual(['PORT is not set']);
  expect(lines.takeFatalMessages()).toEqual([]);
});

test('the chatter of the servers is debug, their faults are not', () => {
  const { log, entries } = recorder();
  logNatsLine(log, '[42] 2025/01/02 03:04:05.678901 [INF] Server is ready');
  logNatsLine(log, '[42] 2025/01/02 03:04:05.678901 [ERR] disk is full');
  logPostgresLine(log, 'LOG:  checkpoint starting: time');
  logPostgresLine(log, 'FATAL:  lock file "postmaster.pid" already exists');
  expect(entries()).toEqual([
    'debug: Server is ready',
    'error: disk is full',
    'debug: checkpoint starting: time',
    'error: lock file "postmaster.pid" already exists',
  ]);
  const quiet = recorder('info');
  logNatsLine(quiet.log, '[42] 2025/01/02 03:04:05.678901 [INF] Server is ready');
  expect(quiet.written).toEqual([]);
});

test('on a terminal a line shows time, level and message behind the name', () => {
  const written: string[] = [];
  const output = prettyOutput((text) => written.push(stripVTControlCharacters(text)));
  createLogger({ service: 'thing', instance: 'thing-1', level: 'info', destination: output }).warn({ n: 1 }, 'look');
  expect(written.join('')).toMatch(/^thing-1 +\[\d\d:\d\d:\d\d\.\d{3}\] WARN: look \{"n":1\}\n$/);
});
