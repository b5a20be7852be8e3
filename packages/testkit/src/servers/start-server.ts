import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { prepareNats, preparePostgres, RunDirectory } from '@grok2api/launcher';
import { createLogger } from '@grok2api/service-kit';
import { ROOT } from '../root.js';
import type { TestServer } from './test-server.js';

const POLL_MS = 20;
const PREPARE = { nats: prepareNats, postgres: preparePostgres } as const;

/** What a server may be given besides its data. */
export type ServerExtras = Pick<Parameters<typeof prepareNats>[0], 'monitoringPort'>;

/** Starts a server of this machine, as the launcher does, on what the directory has of its data; makes what is missing. */
export async function startServer(
  name: keyof typeof PREPARE,
  dataDir: string,
  extras: ServerExtras = {},
): Promise<Omit<TestServer, 'stop'>> {
  const server = await PREPARE[name]({
    ...extras,
    dataDir,
    cacheDir: join(ROOT, '.cache'),
    env: process.env,
    register: new RunDirectory(join(dataDir, 'run')),
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
      for (const each of withChildren(pid())) process.kill(each, 'SIGSTOP');
    },
    thaw: async () => {
      for (const each of withChildren(pid())) process.kill(each, 'SIGCONT');
    },
    pid,
    pause: () => running.stop(),
    crash: () => {
      running.kill();
      return running.stop();
    },
    resume: async () => {
      running = server.newProcess();
      await running.start();
    },
  };
}

/** A process and those that it started itself, such as Postgres' sessions (Linux). It comes first: it starts no more. */
function withChildren(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return [pid, ...children.split(' ').filter(Boolean).map(Number)];
}
