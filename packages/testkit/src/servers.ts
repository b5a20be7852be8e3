import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  freeLoopbackPort,
  type PreparedServer,
  prepareNats,
  preparePostgres,
  RunDirectory,
  type ServerOptions,
} from '@grok2api/launcher';
import { createLogger } from '@grok2api/service-kit';
import { ROOT } from './root.js';
import { tempDir } from './temp-dir.js';

/** A real server of its own for some tests. */
export interface TestServer {
  url: string;
  /** Of the present run; a server that was killed is started again on the same port with the same data. */
  pid: () => number | undefined;
  /** Stops it; its data stays. */
  pause: () => Promise<void>;
  /** Kills it as `kill -9` does; it stays down until `resume`. */
  crash: () => Promise<void>;
  /** Starts it again after `pause` or `crash`, on the same port with the same data. */
  resume: () => Promise<void>;
  /** Stops it for good and removes its data. */
  stop: () => Promise<void>;
}

/** A nats-server that can lose its store. */
export interface TestNats extends TestServer {
  /** Where it tells about itself. */
  monitoringUrl: string;
  /** Removes everything that JetStream keeps. Only while the server is down. */
  wipe: () => Promise<void>;
}

type TempDir = Awaited<ReturnType<typeof tempDir>>;

/** Starts a nats-server with JetStream and an empty store. */
export async function startNats(): Promise<TestNats> {
  const directory = await tempDir();
  const monitoringPort = await freeLoopbackPort();
  const server = await startIn(directory, 'nats', (options) => prepareNats({ ...options, monitoringPort }));
  const store = join(directory.path, 'nats');
  const wipe = async () => {
    await rm(store, { recursive: true });
    await mkdir(store, { mode: 0o700 });
  };
  return { ...server, monitoringUrl: `http://127.0.0.1:${monitoringPort}`, wipe };
}

/** Starts a Postgres server with an empty database. */
export async function startPostgres(): Promise<TestServer> {
  return startIn(await tempDir(), 'postgres', preparePostgres);
}

async function startIn(
  directory: TempDir,
  name: string,
  prepare: (options: ServerOptions) => Promise<PreparedServer>,
): Promise<TestServer> {
  const server = await prepare({
    dataDir: directory.path,
    cacheDir: join(ROOT, '.cache'),
    env: process.env,
    register: new RunDirectory(join(directory.path, 'run')),
    log: createLogger({ service: name, instance: name, level: 'silent' }),
    signal: new AbortController().signal,
  });
  let running = server.newProcess();
  await running.start();
  return {
    url: server.url,
    pid: () => running.pid,
    pause: () => running.stop(),
    crash: () => {
      running.kill();
      return running.stop();
    },
    resume: async () => {
      running = server.newProcess();
      await running.start();
    },
    stop: async () => {
      await running.stop();
      await directory.remove();
    },
  };
}
