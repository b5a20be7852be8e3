import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@grok2api/service-kit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findNatsServer } from '../src/nats-server/find-nats-server.js';
import { fetchRelease, officialRelease } from '../src/nats-server/official-release.js';

let directory: string;
let server: Server;
let archive: Buffer;
const signal = new AbortController().signal;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'launcher-test-'));
  mkdirSync(join(directory, 'nats-server-v2'));
  writeFileSync(join(directory, 'nats-server-v2', 'nats-server'), '#!/bin/sh\necho nats-server: v2.10.0\n', {
    mode: 0o755,
  });
  execFileSync('tar', ['-czf', 'release.tar.gz', 'nats-server-v2'], { cwd: directory });
  archive = readFileSync(join(directory, 'release.tar.gz'));
  server = createServer((request, response) => {
    if (request.url !== '/release.tar.gz') response.statusCode = 404;
    response.end(archive);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterAll(() => {
  server.close();
  server.closeAllConnections();
  rmSync(directory, { recursive: true });
});

const release = (path = '/release.tar.gz', sha256 = createHash('sha256').update(archive).digest('hex')) => ({
  url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
  sha256,
  binary: 'nats-server-v2/nats-server',
});

function freshDirectory(): string {
  return mkdtempSync(join(directory, 'fetch-'));
}

test('what has the pinned checksum is unpacked, anything else refused', async () => {
  const path = await fetchRelease(freshDirectory(), release(), signal);
  expect(execFileSync(path, { encoding: 'utf8' })).toBe('nats-server: v2.10.0\n');
  const wrong = '0'.repeat(64);
  await expect(fetchRelease(freshDirectory(), release('/release.tar.gz', wrong), signal)).rejects.toThrow(
    `instead of ${wrong}`,
  );
  await expect(fetchRelease(freshDirectory(), release('/other'), signal)).rejects.toThrow('answered 404');
});

test('without apt the release is fetched once and kept; with neither, the sentence says what to do', async () => {
  const log = createLogger({ service: 'test', instance: 'test', level: 'silent' });
  // Only what a shell script needs: no apt-get, no nats-server.
  const bin = freshDirectory();
  for (const tool of ['sh', 'tar', 'gzip']) {
    const path = execFileSync('which', [tool], { encoding: 'utf8' }).trim();
    writeFileSync(join(bin, tool), `#!/bin/sh\nexec ${path} "$@"\n`, { mode: 0o755 });
  }
  const cacheDir = freshDirectory();
  const options = { cacheDir, env: { PATH: bin }, log, signal };
  const path = await findNatsServer({ ...options, release: release() });
  expect(path).toBe(join(cacheDir, 'nats-server'));
  expect(await findNatsServer({ ...options, release: release('/gone') })).toBe(path);

  await expect(
    findNatsServer({ ...options, cacheDir: freshDirectory(), release: release('/gone') }),
  ).rejects.toMatchObject({
    message: expect.stringContaining('install nats-server'),
    details: expect.arrayContaining(['This machine has no apt-get.']),
  });
});

test('a release is pinned for the usual Linux machines', () => {
  expect(officialRelease('linux', 'x64')?.url).toMatch(/linux-amd64\.tar\.gz$/);
  expect(officialRelease('linux', 'arm64')?.sha256).toMatch(/^[0-9a-f]{64}$/);
  expect(officialRelease('aix', 'ppc64')).toBeUndefined();
});
