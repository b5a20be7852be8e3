import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { copyDatabase, type DatabaseContent } from './database-templates.js';
import { type RunningServer, startServer } from './start-server.js';
import { tempDir } from './temp-dir.js';

/** A real server of its own for some tests. */
export interface TestServer extends RunningServer {
  /** Stops it for good and removes its data. */
  stop: () => Promise<void>;
}

/** A nats-server that can lose its store. */
export interface TestNats extends TestServer {
  /** Removes everything that JetStream keeps. Only while the server is down. */
  wipe: () => Promise<void>;
}

type TempDir = Awaited<ReturnType<typeof tempDir>>;

/** Starts a nats-server with JetStream and an empty store. */
export async function startNats(): Promise<TestNats> {
  const directory = await tempDir();
  const server = await startIn(directory, 'nats');
  const store = join(directory.path, 'nats');
  const wipe = async () => {
    await rm(store, { recursive: true });
    await mkdir(store, { mode: 0o700 });
  };
  return { ...server, wipe };
}

/** Starts a Postgres server. Its database is empty unless the services' tables are asked for. */
export async function startPostgres(content: DatabaseContent = 'empty'): Promise<TestServer> {
  const directory = await tempDir();
  await copyDatabase(content, directory.path);
  return startIn(directory, 'postgres');
}

async function startIn(directory: TempDir, name: 'nats' | 'postgres'): Promise<TestServer> {
  const server = await startServer(name, directory.path);
  const stop = async () => {
    await server.pause();
    await directory.remove();
  };
  return { ...server, stop };
}
