import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findNatsServer, freeLoopbackPort, RunDirectory, SupervisedProcess } from '@grok2api/launcher';
import { createLogger } from '@grok2api/service-kit';
import { ROOT } from './root.js';
import { tempDir } from './temp-dir.js';

/** A nats-server with the users and permissions of the deployed system. */
export interface DeployedNats {
  /** Its address for one of the users, named as its service. */
  url: (user: string) => string;
  stop: () => Promise<void>;
}

const PASSWORD = '123456';
const PASSWORDS = ['API_GATEWAY', 'CHAT', 'IMAGE', 'VIDEO_WORKER', 'CALLBACK_DISPATCHER', 'TOKEN_POOL'];

/** Starts one from `deploy/nats/nats.conf`, on loopback and with an empty store. */
export async function startDeployedNats(): Promise<DeployedNats> {
  const directory = await tempDir();
  const log = createLogger({ service: 'nats', instance: 'nats', level: 'silent' });
  const { signal } = new AbortController();
  const file = await findNatsServer({ cacheDir: join(ROOT, '.cache/nats-server'), env: process.env, log, signal });
  const config = join(directory.path, 'nats.conf');
  await copyFile(join(ROOT, 'deploy/nats/nats.conf'), config);
  const passwords = PASSWORDS.map((name) => `${name}_PASSWORD: "${PASSWORD}"\n`);
  await writeFile(join(directory.path, 'passwords.conf'), passwords.join(''));
  const [port, monitoring] = [await freeLoopbackPort(), await freeLoopbackPort()];
  const server = new SupervisedProcess(
    {
      name: 'nats',
      file,
      args: [
        ...['--config', config, '--store_dir', directory.path],
        ...['--addr', '127.0.0.1', '--port', String(port), '--http_port', String(monitoring)],
      ],
      env: { PATH: process.env.PATH },
      cwd: directory.path,
      channel: false,
      stopSignal: 'SIGTERM',
      stopTimeoutMs: 10_000,
      readyLine: /\] Server is ready/,
      onLine: () => {},
    },
    { register: new RunDirectory(join(directory.path, 'run')), log },
  );
  await server.start();
  return {
    url: (user) => `nats://${user}:${PASSWORD}@127.0.0.1:${port}`,
    stop: async () => {
      await server.stop();
      await directory.remove();
    },
  };
}
