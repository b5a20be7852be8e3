import { expect, test } from 'vitest';
import { type SystemValues, serviceEnvironment, sharedEnvironment } from '../src/service-environment.js';
import { instancesOf, SERVICES } from '../src/services.js';

const USER_ENV = {
  PATH: '/bin',
  FETCH_ALLOW: '10.0.0.0/8',
  UPSTREAM_PROXY: 'http://me:secret-password@upstream-proxy:3128',
  FETCH_PROXY: 'http://me:secret-proxy-password@proxy:3128',
  VIDEO_WORKER_SLOTS: '2',
  XAI_API_KEY: 'secret-xai-key',
  XAI_API_KEYS: 'secret-xai-keys',
  XAI_BASE_URL: 'https://xai.example/v1',
  API_KEYS: 'me:secret-client-key',
  ADMIN_KEY: 'secret-user-admin-key',
  CREDENTIALS_KEY: 'secret-user-credentials-key',
  CALLBACK_SECRET: 'secret-user-callback-secret',
  CONSOLE_SECRET: 'secret-user-console-secret',
  CREDENTIALS_KEY_OLD: 'secret-old-credentials-key',
  NATS_URL: 'nats://secret-user-nats',
  DATABASE_URL: 'postgresql://secret-user-database',
  MEDIA_STORE: 's3://media?region=eu-west-1',
  AWS_ACCESS_KEY_ID: 'key',
  AWS_SECRET_ACCESS_KEY: 'secret-aws-key',
  PORT: '9000',
  HOST: '0.0.0.0',
  PUBLIC_URL: 'https://videos.example',
};

const VALUES: SystemValues = {
  dataDir: '/data',
  mediaDir: '/data/media',
  logLevel: 'info',
  natsUrl: 'nats://secret-nats',
  databaseUrl: 'postgresql://secret-database',
  credentialsKey: 'secret-credentials-key',
  callbackSecret: 'secret-callback-secret',
  consoleSecret: 'secret-console-secret',
  adminKey: 'secret-admin-key',
  gatewayPort: 9000,
  gatewayHost: '0.0.0.0',
  expectedServices: ['token-pool', 'video-worker'],
  simulatorPort: undefined,
};

function environments(values: SystemValues) {
  const upstream = values.simulatorPort === undefined ? 'xai' : 'simulator';
  const instances = instancesOf(SERVICES, { videoWorkers: 2, upstream });
  return new Map(instances.map((each) => [each.instance, serviceEnvironment(each, USER_ENV, values)]));
}

function secretsIn(env: NodeJS.ProcessEnv | undefined): string[] {
  return Object.entries(env ?? {})
    .filter(([, value]) => value?.includes('secret'))
    .map(([name]) => name)
    .sort();
}

test('every secret reaches only the services that need it', () => {
  const secrets = Object.fromEntries([...environments(VALUES)].map(([name, env]) => [name, secretsIn(env)]));
  const worker = ['AWS_SECRET_ACCESS_KEY', 'DATABASE_URL', 'FETCH_PROXY', 'NATS_URL', 'UPSTREAM_PROXY'];
  expect(secrets).toEqual({
    'token-pool': [
      'CREDENTIALS_KEY',
      'CREDENTIALS_KEY_OLD',
      'DATABASE_URL',
      'NATS_URL',
      'UPSTREAM_PROXY',
      'XAI_API_KEY',
      'XAI_API_KEYS',
    ],
    chat: ['AWS_SECRET_ACCESS_KEY', 'FETCH_PROXY', 'NATS_URL', 'UPSTREAM_PROXY'],
    image: worker,
    'video-worker-1': worker,
    'video-worker-2': worker,
    'callback-dispatcher': ['CALLBACK_SECRET', 'DATABASE_URL', 'FETCH_PROXY', 'NATS_URL'],
    'api-gateway': ['ADMIN_KEY', 'API_KEYS', 'AWS_SECRET_ACCESS_KEY', 'CONSOLE_SECRET', 'DATABASE_URL', 'NATS_URL'],
  });
  expect(environments(VALUES).get('api-gateway')).toMatchObject({ ADMIN_KEY: VALUES.adminKey });
  expect(secretsIn(sharedEnvironment(USER_ENV))).toEqual([]);
});

test('the rest of the environment reaches every service, the address of the gateway only the gateway', () => {
  for (const [instance, env] of environments(VALUES)) {
    expect(env).toMatchObject({
      INSTANCE: instance,
      FETCH_ALLOW: '10.0.0.0/8',
      VIDEO_WORKER_SLOTS: '2',
      MEDIA_DIR: '/data/media',
      MEDIA_STORE: 's3://media?region=eu-west-1',
    });
    const hasMedia = !['token-pool', 'callback-dispatcher'].includes(instance);
    expect(env.AWS_ACCESS_KEY_ID).toBe(hasMedia ? 'key' : undefined);
    const { PORT, HOST, PUBLIC_URL, EXPECTED_SERVICES } = env;
    const address =
      instance === 'api-gateway' ? ['9000', '0.0.0.0', 'https://videos.example', 'token-pool,video-worker'] : [];
    expect([PORT, HOST, PUBLIC_URL, EXPECTED_SERVICES].filter((value) => value !== undefined)).toEqual(address);
  }
});

test('without a key the simulator runs, without secrets, and stands for xAI', () => {
  const all = environments({ ...VALUES, simulatorPort: 4567 });
  expect(secretsIn(all.get('simulator'))).toEqual([]);
  expect(all.get('simulator')).toMatchObject({ PORT: '4567', HOST: '127.0.0.1', DATA_DIR: '/data' });
  expect(all.get('simulator')?.PUBLIC_URL).toBeUndefined();
  expect(all.get('token-pool')).toMatchObject({
    XAI_API_KEY: 'simulator-key',
    XAI_BASE_URL: 'http://127.0.0.1:4567/v1',
  });
  expect(all.get('token-pool')?.XAI_API_KEYS).toBeUndefined();
  expect(all.get('token-pool')?.UPSTREAM_PROXY).toBeUndefined();
  expect(environments(VALUES).has('simulator')).toBe(false);
});
