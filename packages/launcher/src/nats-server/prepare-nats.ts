import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freeLoopbackPort } from '../ports.js';
import type { PreparedServer, ServerOptions } from '../prepared-server.js';
import { randomPassword, readOrCreateSecret } from '../secret-file.js';
import { SupervisedProcess } from '../supervision/supervised-process.js';
import { findNatsServer } from './find-nats-server.js';
import { logNatsLine } from './nats-lines.js';

const USER = 'grok2api';

/**
 * Prepares a nats-server with JetStream on loopback: finds the program, chooses a free port, writes the
 * configuration. Its data is in `DATA_DIR/nats`.
 * @param options `monitoringPort`: of loopback, where it tells about itself over HTTP; nowhere when not given
 * @throws LaunchError when there is no nats-server and none can be fetched
 */
export async function prepareNats(options: ServerOptions & { monitoringPort?: number }): Promise<PreparedServer> {
  const { dataDir, env, log, register, signal } = options;
  const file = await findNatsServer({ cacheDir: join(options.cacheDir, 'nats-server'), env, log, signal });
  const password = await readOrCreateSecret(join(dataDir, 'nats.password'), randomPassword);
  const port = await freeLoopbackPort();
  const storeDir = join(dataDir, 'nats');
  await mkdir(storeDir, { recursive: true, mode: 0o700 });
  const configuration = join(dataDir, 'nats.conf');
  await writeFile(
    configuration,
    natsConfiguration({ port, storeDir, password, monitoringPort: options.monitoringPort }),
    { mode: 0o600 },
  );
  const newProcess = () =>
    new SupervisedProcess(
      {
        name: 'nats',
        file,
        args: ['--config', configuration],
        env: { PATH: env.PATH },
        cwd: storeDir,
        channel: false,
        stopSignal: 'SIGTERM',
        stopTimeoutMs: 10_000,
        readyLine: /\] Server is ready/,
        onLine: (line) => logNatsLine(log, line),
      },
      { register, log },
    );
  return { url: `nats://${USER}:${password}@127.0.0.1:${port}`, newProcess };
}

// Options that nats-server 2.9 has already.
function natsConfiguration(values: {
  port: number;
  storeDir: string;
  password: string;
  monitoringPort: number | undefined;
}): string {
  const monitoring = values.monitoringPort === undefined ? '' : `http: "127.0.0.1:${values.monitoringPort}"\n`;
  return `listen: "127.0.0.1:${values.port}"
${monitoring}server_name: "grok2api"
jetstream { store_dir: ${JSON.stringify(values.storeDir)} }
authorization { user: "${USER}", password: "${values.password}" }
`;
}
