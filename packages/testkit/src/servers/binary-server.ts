import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type PreparedServer,
  prepareNats,
  preparePostgres,
  RunDirectory,
  type ServerOptions,
} from '@grok2api/launcher';
import { createLogger } from '@grok2api/service-kit';
import { ROOT } from '../root.js';
import { tempDir } from '../temp-dir.js';
import type { TestNats, TestServer } from './test-server.js';

type TempDir = Awaited<ReturnType<typeof tempDir>>;

const POLL_MS = 20;

/** Starts a nats-server of this machine, as the launcher does, with an empty store. */
export async function startNatsBinary(): Promise<TestNats> {
  const directory = await tempDir();
  const server = await startIn(directory, 'nats', prepareNats);
  const store = join(directory.path, 'nats');
  const wipe = async () => {
    await rm(store, { recursive: true });
    await mkdir(store, { mode: 0o700 });
  };
  return { ...server, wipe };
}

/** Starts a Postgres server of this machine, as the launcher does, with an empty database. */
export async function startPostgresBinary(): Promise<TestServer> {
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
  const pid = () => {
    if (running.pid === undefined) throw new Error(`${name} does not run`);
    return running.pid;
  };
  return {
    url: server.url,
    kill: async () => {
      const killed = pid();
      process.kill(killed, 'SIGKILL');
      while (running.pid === undefined || running.pid === killed) await sleep(POLL_MS);
    },
    freeze: async () => {
      process.kill(pid(), 'SIGSTOP');
    },
    thaw: async () => {
      process.kill(pid(), 'SIGCONT');
    },
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
