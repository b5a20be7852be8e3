import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Bus } from '@grok2api/bus';
import { admitRequests, holdRequestSlots, ModelCatalogue } from '@grok2api/contracts';
import { openMediaStore } from '@grok2api/media-store';
import { ModelSync } from '@grok2api/model-sync';
import { runService } from '@grok2api/service-kit';
import { openTaskStore } from '@grok2api/task-store';
import { createApp } from './app.js';
import { ClientKeyFeed } from './client-keys/client-key-feed.js';
import { ClientKeys } from './client-keys/client-keys.js';
import { closeServer } from './close-server.js';
import { createHttpServer } from './http-server.js';
import { KeyedRequests } from './idempotency/keyed-requests.js';
import { serviceMetrics } from './metrics.js';
import { KeyLimits } from './middleware/key-limits.js';
import { SystemWatch } from './overview/system-watch.js';
import { Relays } from './relay.js';
import { readGatewaySettings } from './settings.js';
import { TaskFeed } from './task-feed.js';

/** How long answers that are being passed on may take to end, once this gateway is to stop. */
const RELAY_GRACE_MS = 8_000;
/** What requests in progress have beyond that. */
const REQUEST_GRACE_MS = 5_000;
/** Every request of a limited key may wait for it. */
const LIMITS_CALL = { timeoutMs: 1_000 };
const BYTES_PER_MB = 1_000_000;

await runService('api-gateway', async (context) => {
  const { env, instance, log, metrics, readiness, shutdown } = context;
  const measured = serviceMetrics(metrics);
  const settings = readGatewaySettings(env);

  const store = openTaskStore({
    databaseUrl: settings.DATABASE_URL,
    maxConnections: settings.DATABASE_MAX_CONNECTIONS,
    metrics: measured.store,
  });
  shutdown.add('task store', () => store.close());

  const bus = await Bus.connect({ url: settings.NATS_URL, name: instance, log, metrics: measured.bus });
  shutdown.add('bus', () => bus.close());

  const models = new ModelCatalogue();
  const modelSync = new ModelSync({ bus, catalogue: models, log });
  modelSync.start();
  shutdown.add('model sync', () => modelSync.stop());

  const media = await openMediaStore(settings, {
    metrics: measured.media,
    cache: {
      maxBytes: settings.MEDIA_CACHE_MAX_MB * BYTES_PER_MB,
      onFault: (err) => log.error({ err }, 'media are not cached'),
    },
  });

  const feed = new TaskFeed(bus, store.tasks, log);
  measured.sse.readers.readFrom(() => [{ labels: {}, value: feed.readers }]);
  const relays = new Relays(log, Date.now);
  const randomHex = () => randomBytes(16).toString('hex');
  const keyed = new KeyedRequests({ records: store.idempotency, media, randomHex, log, now: Date.now });
  shutdown.add('keyed requests', () => keyed.close());
  const clientKeys = new ClientKeys(settings.API_KEYS);
  readiness.need('client keys', () => clientKeys.mode !== 'unknown');
  const clientKeyFeed = new ClientKeyFeed(bus, clientKeys, log);
  clientKeyFeed.start();
  shutdown.add('client keys', () => clientKeyFeed.stop());
  // The instance's name is unique on its host only.
  const holder = `${instance} ${randomUUID()}`;
  const keyLimits = new KeyLimits({
    admit: (key_id, count) => bus.call(admitRequests, { key_id, count }, LIMITS_CALL),
    hold: (key_id, slots) => bus.call(holdRequestSlots, { key_id, holder, slots }, LIMITS_CALL),
    now: Date.now,
    log,
  });
  shutdown.add('key limits', () => keyLimits.close());
  const watch = new SystemWatch({ bus, now: Date.now, log });
  // Only administrators see what it finds.
  if (settings.ADMIN_KEY !== undefined) watch.start();
  shutdown.add('system watch', () => watch.stop());
  const app = createApp({
    settings,
    bus,
    tasks: store.tasks,
    callbacks: store.callbacks,
    feed,
    models,
    relays,
    keyed,
    clientKeys,
    clientKeyFeed,
    keyLimits,
    watch,
    media,
    metrics,
    measured,
    readiness,
    log,
    randomHex,
    newRequestId: randomUUID,
    now: Date.now,
  });

  const limits = {
    headersTimeoutMs: settings.HEADERS_TIMEOUT_MS,
    requestTimeoutMs: settings.REQUEST_TIMEOUT_MS,
    maxConnections: settings.MAX_CONNECTIONS,
  };
  const server = createHttpServer(app, limits, randomUUID);
  server.listen(settings.PORT, settings.HOST);
  await once(server, 'listening');
  shutdown.add('http server', async () => {
    const closed = closeServer(server, RELAY_GRACE_MS + REQUEST_GRACE_MS);
    // Readers of tasks come back to another gateway at once.
    feed.close();
    await relays.close(RELAY_GRACE_MS);
    await closed;
  });
  await bus.announce(context);
  log.info({ host: settings.HOST, port: settings.PORT }, 'listening');
});
