import type { Grant, ServiceInstance } from './services.js';

/** What the launcher found, made or was told, for the services that are granted it. */
export interface SystemValues {
  dataDir: string;
  mediaDir: string;
  logLevel: string;
  natsUrl: string;
  databaseUrl: string;
  credentialsKey: string;
  callbackSecret: string;
  consoleSecret: string;
  adminKey: string;
  gatewayPort: number;
  gatewayHost: string | undefined;
  /** Names of the services that the gateway's health waits for. */
  expectedServices: readonly string[];
  /** Port of the simulator on loopback; undefined when the upstream is xAI. */
  simulatorPort: number | undefined;
}

// A variable in this table reaches only services with its grant, whoever set it.
const OWNED: Record<Grant, readonly string[]> = {
  bus: ['NATS_URL'],
  database: ['DATABASE_URL'],
  media: [],
  fetch: ['FETCH_PROXY'],
  'upstream-proxy': ['UPSTREAM_PROXY'],
  upstream: ['XAI_API_KEY', 'XAI_API_KEYS', 'XAI_BASE_URL', 'CREDENTIALS_KEY', 'CREDENTIALS_KEY_OLD'],
  'client-keys': ['API_KEYS', 'ADMIN_KEY', 'CONSOLE_SECRET'],
  'callback-secret': ['CALLBACK_SECRET'],
  'gateway-address': ['PORT', 'HOST', 'PUBLIC_URL', 'EXPECTED_SERVICES'],
  'simulator-address': ['PORT', 'HOST'],
};

/** A port can be opened by one process only: each finds its own. */
const OF_ONE_PROCESS = ['OPS_PORT'];

const ALL_OWNED = new Set([...Object.values(OWNED).flat(), ...OF_ONE_PROCESS]);

/** Beginnings of the names of variables that are owned as well, whichever of them a library reads. */
const OWNED_PREFIXES = { upstream: 'XAI_', media: 'AWS_' } as const;

/** The user's environment without any variable that belongs to some services alone. */
export function sharedEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const prefixes = Object.values(OWNED_PREFIXES);
  const isOwned = (name: string) => ALL_OWNED.has(name) || prefixes.some((prefix) => name.startsWith(prefix));
  return Object.fromEntries(Object.entries(env).filter(([name]) => !isOwned(name)));
}

/**
 * The environment of one service process: the user's own, without the variables that belong to others,
 * with the values of the system. Secrets go only to the services that are granted them.
 */
export function serviceEnvironment(
  { row, instance }: ServiceInstance,
  env: NodeJS.ProcessEnv,
  values: SystemValues,
): NodeJS.ProcessEnv {
  const granted: Record<Grant, () => NodeJS.ProcessEnv> = {
    bus: () => ({ NATS_URL: values.natsUrl }),
    database: () => ({ DATABASE_URL: values.databaseUrl }),
    media: () =>
      picked(
        env,
        Object.keys(env).filter((name) => name.startsWith(OWNED_PREFIXES.media)),
      ),
    fetch: () => picked(env, OWNED.fetch),
    upstream: () => ({
      ...upstreamVariables(env, values.simulatorPort),
      ...picked(env, ['CREDENTIALS_KEY_OLD']),
      CREDENTIALS_KEY: values.credentialsKey,
    }),
    // The simulator is on this host.
    'upstream-proxy': () => (values.simulatorPort === undefined ? picked(env, OWNED['upstream-proxy']) : {}),
    'client-keys': () => ({
      ...picked(env, ['API_KEYS']),
      ADMIN_KEY: values.adminKey,
      CONSOLE_SECRET: values.consoleSecret,
    }),
    'callback-secret': () => ({ CALLBACK_SECRET: values.callbackSecret }),
    'gateway-address': () => ({
      ...picked(env, ['PUBLIC_URL']),
      PORT: String(values.gatewayPort),
      ...(values.gatewayHost === undefined ? {} : { HOST: values.gatewayHost }),
      EXPECTED_SERVICES: values.expectedServices.join(','),
    }),
    'simulator-address': () => ({ PORT: String(values.simulatorPort), HOST: '127.0.0.1' }),
  };
  const own = row.grants.map((grant) => granted[grant]());
  return Object.assign(sharedEnvironment(env), ...own, {
    INSTANCE: instance,
    DATA_DIR: values.dataDir,
    MEDIA_DIR: values.mediaDir,
    LOG_LEVEL: values.logLevel,
  });
}

function upstreamVariables(env: NodeJS.ProcessEnv, simulatorPort: number | undefined): NodeJS.ProcessEnv {
  if (simulatorPort === undefined) return picked(env, ['XAI_API_KEY', 'XAI_API_KEYS', 'XAI_BASE_URL']);
  return { XAI_API_KEY: 'simulator-key', XAI_BASE_URL: `http://127.0.0.1:${simulatorPort}/v1` };
}

function picked(env: NodeJS.ProcessEnv, names: readonly string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(names.filter((name) => env[name] !== undefined).map((name) => [name, env[name]]));
}
