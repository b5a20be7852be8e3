import { freeLoopbackPort } from '../ports.js';
import type { PreparedServer, ServerOptions } from '../prepared-server.js';
import { SupervisedProcess } from '../supervision/supervised-process.js';
import { commandAs } from './account.js';
import { postgresBinaries } from './binaries.js';
import { prepareCluster, removeStaleLock } from './cluster.js';
import { logPostgresLine } from './postgres-lines.js';

const MAX_CONNECTIONS = 200;

/**
 * Prepares a Postgres server on loopback: makes the cluster when there is none and chooses a free port.
 * Its data is in `DATA_DIR/postgres`. The URL is `postgresql://grok2api:PASSWORD@127.0.0.1:PORT/grok2api`.
 * @throws LaunchError when Postgres cannot run here
 */
export async function preparePostgres(options: ServerOptions): Promise<PreparedServer> {
  const { dataDir, log, register, signal } = options;
  const binaries = postgresBinaries();
  const { directory, account, user, password } = await prepareCluster(dataDir, binaries, { log, signal });
  const port = await freeLoopbackPort();
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    max_connections: String(MAX_CONNECTIONS),
    timezone: 'UTC',
    log_line_prefix: '',
    // Statements carry what users wrote: they do not belong in a log.
    log_error_verbosity: 'terse',
    log_min_error_statement: 'panic',
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const newProcess = () =>
    new SupervisedProcess(
      {
        name: 'postgres',
        ...commandAs(account, binaries.postgres, ['-D', directory, ...flags]),
        env: { PATH: options.env.PATH, LC_ALL: 'C' },
        cwd: '/',
        channel: false,
        // Fast shutdown: ends connections, keeps the data whole.
        stopSignal: 'SIGINT',
        stopTimeoutMs: 30_000,
        readyLine: /database system is ready to accept connections/,
        beforeStart: () => removeStaleLock(directory),
        onLine: (line) => logPostgresLine(log, line),
      },
      { register, log },
    );
  return { url: `postgresql://${user}:${password}@127.0.0.1:${port}/${user}`, newProcess };
}
