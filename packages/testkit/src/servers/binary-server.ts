import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { freeLoopbackPort } from '@grok2api/launcher';
import { tempDir } from '../temp-dir.js';
import { copyDatabase } from './database-templates.js';
import { type ServerExtras, startServer } from './start-server.js';
import type { DatabaseContent, TestNats, TestServer } from './test-server.js';

type TempDir = Awaited<ReturnType<typeof tempDir>>;

/** Starts a nats-server of this machine, with an empty store. */
export async function startNatsBinary(): Promise<TestNats> {
  const directory = await tempDir();
  const monitoringPort = await freeLoopbackPort();
  const server = await startIn(directory, 'nats', { monitoringPort });
  const store = join(directory.path, 'nats');
  const wipe = async () => {
    await rm(store, { recursive: true });
    await mkdir(store, { mode: 0o700 });
  };
  return { ...server, monitoringUrl: `http://127.0.0.1:${monitoringPort}`, wipe };
}

/** Starts a Postgres server of this machine. */
export async function startPostgresBinary(content: DatabaseContent): Promise<TestServer> {
  const directory = await tempDir();
  await copyDatabase(content, directory.path);
  return startIn(directory, 'postgres');
}

async function startIn(directory: TempDir, name: 'nats' | 'postgres', options: ServerExtras = {}): Promise<TestServer> {
  const server = await startServer(name, directory.path, options);
  const stop = async () => {
    await server.pause();
    await directory.remove();
  };
  return { ...server, stop };
}
