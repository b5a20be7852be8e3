import { startNatsBinary, startPostgresBinary } from './binary-server.js';
import type { TestNats, TestServer } from './test-server.js';

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

/** Starts a Postgres server with an empty database. */
export async function startPostgres(): Promise<TestServer> {
  if (!inContainers()) return startPostgresBinary();
  const { startPostgresContainer } = await import('./container-server.js');
  return startPostgresContainer();
}
