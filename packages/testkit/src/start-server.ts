import { join } from 'node:path';
import { prepareNats, preparePostgres, RunDirectory } from '@grok2api/launcher';
import { createLogger } from '@grok2api/service-kit';
import { ROOT } from './root.js';

/** A server that runs in a data directory of the launcher. */
export interface RunningServer {
  url: string;
  /** Of the present run; a server that was killed is started again on the same port with the same data. */
  pid: () => number | undefined;
  /** Stops it; its data stays. */
  pause: () => Promise<void>;
  /** Kills it as `kill -9` does; it stays down until `resume`. */
  crash: () => Promise<void>;
  /** Starts it again after `pause` or `crash`, on the same port with the same data. */
  resume: () => Promise<void>;
}

const PREPARE = { nats: prepareNats, postgres: preparePostgres } as const;

/** Starts a server on what the directory has of its data; makes what is missing. */
export async function startServer(name: keyof typeof PREPARE, dataDir: string): Promise<RunningServer> {
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
  };
}
