import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { prepareNats, preparePostgres, RunDirectory } from '@grok2api/launcher';
import { createLogger } from '@grok2api/service-kit';
import { ROOT } from '../root.js';
import type { TestServer } from './test-server.js';

const POLL_MS = 20;
const PREPARE = { nats: prepareNats, postgres: preparePostgres } as const;

/** Starts a server of this machine, as the launcher does, on what the directory has of its data; makes what is missing. */
export async function startServer(name: keyof typeof PREPARE, dataDir: string): Promise<Omit<TestServer, 'stop'>> {
  const server = await PREPARE[name]({
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
  };
}
