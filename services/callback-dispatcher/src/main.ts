import { randomUUID } from 'node:crypto';
import { Bus } from '@grok2api/bus';
import { callbackDue, clientKeysChanged } from '@grok2api/contracts';
import { createSafeFetch } from '@grok2api/safe-fetch';
import { createRacePoints, readSettings, runService } from '@grok2api/service-kit';
import { openTaskStore } from '@grok2api/task-store';
import { startBacklog } from './backlog.js';
import { Dispatcher } from './dispatcher.js';
import { serviceMetrics } from './metrics.js';
import { settingsSchema } from './settings.js';
import { KeySecrets } from './signing-secrets.js';
import { startSweep } from './sweep.js';

const SERVICE = 'callback-dispatcher';
const MAX_CONNECTIONS = 8;

await runService(SERVICE, async (context) => {
  const { env, instance, log, metrics, shutdown } = context;
  const measured = serviceMetrics(metrics);
  const settings = readSettings(settingsSchema, env);

  const store = openTaskStore({
    databaseUrl: settings.DATABASE_URL,
    maxConnections: MAX_CONNECTIONS,
    metrics: measured.store,
  });
  shutdown.add('task store', () => store.close());

  const bus = await Bus.connect({ url: settings.NATS_URL, name: instance, log, metrics: measured.bus });
  shutdown.add('bus', () => bus.close());

  const safeFetch = createSafeFetch({ allow: settings.FETCH_ALLOW, proxy: settings.FETCH_PROXY });
  shutdown.add('safe fetch', () => safeFetch.close());

  const queue = store.callbackQueue;
  shutdown.add('sweep', startSweep({ queue, retentionMs: settings.CALLBACK_RETENTION, log }));

  const backlog = {
    queue,
    upkeep: store.upkeep,
    holder: `${instance} ${randomUUID()}`,
    metrics: measured.callbacks,
    log,
  };
  shutdown.add('backlog', startBacklog(backlog));

  const keySecrets = new KeySecrets({ bus, fallback: settings.CALLBACK_SECRET, now: Date.now });
  bus.on(clientKeysChanged, () => keySecrets.forget());
  const dispatcher = new Dispatcher({
    queue,
    safeFetch,
    secretsOf: (owner) => keySecrets.of(owner),
    schedule: settings.CALLBACK_SCHEDULE,
    timeoutMs: settings.CALLBACK_TIMEOUT_MS,
    concurrency: settings.CALLBACK_CONCURRENCY,
    hostConcurrency: settings.CALLBACK_HOST_CONCURRENCY,
    log,
    metrics: measured.callbacks,
    newToken: randomUUID,
    now: Date.now,
    random: Math.random,
    reached: createRacePoints(settings.RACE_POINTS, log),
  });
  bus.on(callbackDue, () => dispatcher.wake());
  dispatcher.start();
  shutdown.add('dispatcher', () => dispatcher.stop());

  await bus.announce(context);
  log.info('delivering callbacks');
});
