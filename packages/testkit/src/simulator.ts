import { SimulatorClient } from './simulator-client.js';
import { tempDir } from './temp-dir.js';
import { TestProcess } from './test-process.js';

/** A simulator of its own, for systems that use it as they use xAI: several keys, any base URL. */
export interface TestSimulator {
  /** With `/v1`, for `XAI_BASE_URL`. */
  baseUrl: string;
  client: SimulatorClient;
  stop: () => Promise<void>;
}

/** Starts a simulator on a free port. */
export async function startSimulator(env: NodeJS.ProcessEnv = {}): Promise<TestSimulator> {
  const directory = await tempDir();
  const simulator = await TestProcess.start({
    service: 'simulator',
    instance: 'simulator',
    env: { ...env, DATA_DIR: directory.path, PORT: '0' },
    readyMessage: 'listening',
  });
  const url = String(simulator.ready.url);
  return {
    baseUrl: `${url}/v1`,
    client: new SimulatorClient(url),
    stop: async () => {
      await simulator.stop();
      await directory.remove();
    },
  };
}
