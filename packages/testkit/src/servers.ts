import { join } from 'node:path';
import {
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
  /** Starts it again after `pause`, on the same port with the same data. */
  resume: () => Promise<void>;
  /** Stops it for good and removes its data. */
  stop: () => Promise<void>;
}

/** Starts a nats-server with JetStream and an empty store. */
export function startNats(): Promise<TestServer> {
  return start('nats', prepareNats);
}

/** Starts a Postgres server with an empty database. */
export function startPostgres(): Promise<TestServer> {
  return start('postgres', preparePostgres);
}

async function start(name: string, prepare: (options: ServerOptions) => Promise<PreparedServer>): Promise<TestServer> {
  const directory = await tempDir();
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
