import { startNats, startPostgres } from './servers/servers.js';
import type { TestNats, TestServer } from './servers/test-server.js';
import { type SystemOptions, TestSystem } from './system.js';

/** A whole system on servers of the test's own, which it can take away. */
export interface SystemOnServers {
  system: TestSystem;
  nats: TestNats;
  postgres: TestServer;
  stop: () => Promise<void>;
}

/** Starts the servers and the system on them. */
export async function startOnServers({ env, ...options }: SystemOptions): Promise<SystemOnServers> {
  const [nats, postgres] = await Promise.all([startNats(), startPostgres('migrated')]);
  const stopServers = async () => {
    await Promise.all([nats.stop(), postgres.stop()]);
  };
  try {
    const servers = { NATS_URL: nats.url, DATABASE_URL: postgres.url };
    const system = await TestSystem.start({ ...options, env: { ...env, ...servers } });
    const stop = async () => {
      await system.stop();
      await stopServers();
    };
    return { system, nats, postgres, stop };
  } catch (err) {
    await stopServers();
    throw err;
  }
}
