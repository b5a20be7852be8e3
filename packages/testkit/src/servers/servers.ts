import { startNatsBinary, startPostgresBinary } from './binary-server.js';
import type { DatabaseContent, TestNats, TestServer } from './test-server.js';

/**
 * What the servers of tests are: `TEST_SERVERS` is `containers` or `binaries`. `npm test` sets it where nobody has, to
 * containers where an engine answers and has or gets their images; without it they are this machine's binaries.
 */
function inContainers(): boolean {
  return process.env.TEST_SERVERS === 'containers';
}

/** Starts a nats-server with JetStream and an empty store. */
export async function startNats(): Promise<TestNats> {
  if (!inContainers()) return startNatsBinary();
  // Loading it takes longer than starting a server.
  const { startNatsContainer } = await import('./container-server.js');
  return startNatsContainer();
}

/** Starts a Postgres server. Its database is empty unless the services' tables are asked for. */
export async function startPostgres(content: DatabaseContent = 'empty'): Promise<TestServer> {
  if (!inContainers()) return startPostgresBinary(content);
  const [{ startPostgresContainer }, { migrate }] = await Promise.all([
    import('./container-server.js'),
    import('./migrate.js'),
  ]);
  const server = await startPostgresContainer();
  if (content === 'migrated') await migrate(server.url);
  return server;
}
