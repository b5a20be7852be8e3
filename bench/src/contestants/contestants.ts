import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { startNats, TestSystem } from '@grok2api/testkit';
import getPort from 'get-port';
import { type Child, startChild, startProcess } from './child.js';

/** One way from a client to the upstream. */
export interface Contestant {
  name: 'upstream' | 'relay' | 'bus' | 'portkey' | 'grok2api';
  /** Where chat completions are posted to. */
  url: string;
}

/** All of them, running beside each other on one upstream. */
export interface Contestants {
  all: readonly Contestant[];
  stop: () => Promise<void>;
}

export const CLIENT_KEY = 'sk-bench-0123456789';

/** What every contestant is sent; each takes what it needs. */
export function requestHeaders(mockUrl: string): Record<string, string> {
  return {
    'content-type': 'application/json',
    authorization: `Bearer ${CLIENT_KEY}`,
    'x-portkey-provider': 'openai',
    'x-portkey-custom-host': `${mockUrl}/v1`,
  };
}

/** Starts the system as it is shipped, with keys of its clients, on an upstream. */
export function startOurs(mockUrl: string, options: { videoWorkers?: number; env?: Record<string, string> } = {}) {
  const env = {
    NODE_ENV: 'production',
    XAI_API_KEY: 'xai-bench',
    XAI_BASE_URL: `${mockUrl}/v1`,
    FETCH_ALLOW: '127.0.0.0/8',
    API_KEYS: `bench:${CLIENT_KEY}`,
    MAX_PENDING_PER_KEY: '1000000',
    ...options.env,
  };
  return TestSystem.start({ ...options, env });
}

/** Starts all contestants on an upstream. */
export async function startContestants(mock: Child): Promise<Contestants> {
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const each of stops) await each();
  };
  const keep = <Started extends { stop: () => Promise<unknown> }>(started: Started): Started => {
    stops.unshift(() => started.stop());
    return started;
  };
  try {
    const nats = keep(await startNats());
    const relay = keep(await startChild('relay-main.js', { UPSTREAM: mock.address }));
    keep(await startChild('bus-service-main.js', { UPSTREAM: mock.address, NATS_URL: nats.url }));
    const bus = keep(await startChild('bus-gateway-main.js', { NATS_URL: nats.url }));
    const portkey = keep(await startPortkey());
    const ours = keep(await startOurs(mock.address));
    const at = (name: Contestant['name'], url: string): Contestant => ({ name, url: `${url}/v1/chat/completions` });
    const all = [
      at('upstream', mock.address),
      at('relay', relay.address),
      at('bus', bus.address),
      at('portkey', portkey.address),
      at('grok2api', ours.baseUrl),
    ];
    return { all, stop };
  } catch (err) {
    await stop();
    throw err;
  }
}

async function startPortkey(): Promise<Child> {
  const port = await getPort({ host: '127.0.0.1' });
  const script = join(
    dirname(createRequire(import.meta.url).resolve('@portkey-ai/gateway/package.json')),
    'build/start-server.js',
  );
  const child = await startProcess(script, [`--port=${port}`, '--headless'], {}, /(ready|running|listening)/i);
  return { ...child, address: `http://127.0.0.1:${port}` };
}
