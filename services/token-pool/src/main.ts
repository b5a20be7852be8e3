import { randomBytes } from 'node:crypto';
import { Bus } from '@grok2api/bus';
import { listModels, modelsChanged } from '@grok2api/contracts';
import { createXaiUpstream, measureUpstream } from '@grok2api/grok-upstream';
import { observeCalls, readSettings, runService, SettingsError } from '@grok2api/service-kit';
import { CredentialAdmin } from './admin/credential-admin.js';
import { CredentialList } from './admin/credential-list.js';
import { serveCredentialAdmin } from './admin/serve-credential-admin.js';
import { Announcements } from './announcements.js';
import { bootstrap } from './bootstrap.js';
import { ClientKeyStore } from './client-keys/client-key-store.js';
import { ClientKeyWrites } from './client-keys/client-key-writes.js';
import { RequestSlots } from './client-keys/request-slots.js';
import { RequestWindows } from './client-keys/request-windows.js';
import { serveClientKeys } from './client-keys/serve-client-keys.js';
import { WebhookSecrets } from './client-keys/webhook-secrets.js';
import { CredentialRows } from './credential-rows.js';
import { CredentialStore } from './credential-store.js';
import { openDatabase } from './database.js';
import { GrantLedger } from './grant-ledger.js';
import { Grants } from './grants.js';
import { Health } from './health.js';
import { serviceMetrics } from './metrics.js';
import { readModelsFile } from './models/models-file.js';
import { SyncedModels } from './models/synced-models.js';
import { Reports } from './reports.js';
import { DecryptError, Secrets } from './secrets.js';
import { serveCredentials } from './serve-credentials.js';
import { settingsSchema } from './settings.js';
import { showCredentials } from './show-credentials.js';
import { Snapshot } from './snapshot.js';
import { SnapshotFeed } from './snapshot-feed.js';
import { Sweep } from './sweep.js';
import { Upkeep } from './upkeep.js';
import { serveUsage } from './usage/serve-usage.js';
import { SpentBudgets } from './usage/spent-budgets.js';
import { UsageStore } from './usage/usage-store.js';

const SERVICE = 'token-pool';
/** Tried one after the other to ask an upstream for its models. */
const CREDENTIALS_TO_ASK_WITH = 3;
/** How long a gateway that died keeps its clients' requests counted as being in progress. */
const REQUEST_SLOTS_TTL_MS = 10_000;

await runService(SERVICE, async (context) => {
  const { env, instance, log, metrics, shutdown } = context;
  const measured = serviceMetrics(metrics);
  const settings = readSettings(settingsSchema, env);
  const ownModels = settings.MODELS_FILE === undefined ? [] : await readModelsFile(settings.MODELS_FILE);

  const database = openDatabase(settings.DATABASE_URL, log);
  shutdown.add('database', () => database.$disconnect());
  const grantsDatabase = openDatabase(settings.DATABASE_URL, log, { synchronousCommit: false });
  shutdown.add('database of the grants', () => grantsDatabase.$disconnect());
  const { CREDENTIALS_KEY, CREDENTIALS_KEY_OLD } = settings;
  const secrets = new Secrets(CREDENTIALS_KEY, CREDENTIALS_KEY_OLD ? [CREDENTIALS_KEY_OLD] : []);
  const credentials = new CredentialStore(database, secrets);
  await credentials.checkSecrets().catch((err: unknown) => {
    if (!(err instanceof DecryptError)) throw err;
    throw new SettingsError(['CREDENTIALS_KEY: the credentials in the database were encrypted under another key']);
  });
  const defaults = {
    baseUrl: settings.XAI_BASE_URL,
    maxConcurrency: settings.CREDENTIAL_MAX_CONCURRENCY,
    requestsPerSecond: settings.CREDENTIAL_REQUESTS_PER_SECOND,
  };
  const apiKeys = [...settings.XAI_API_KEY, ...settings.XAI_API_KEYS];
  await bootstrap(database, secrets, log, { apiKeys, ...defaults });

  const upstream = measureUpstream(createXaiUpstream({ proxyUrl: settings.UPSTREAM_PROXY }), measured.upstream);
  shutdown.add('upstream', () => upstream.close());
  const bus = await Bus.connect({ url: settings.NATS_URL, name: instance, log, metrics: measured.bus });
  shutdown.add('bus', () => bus.close());

  const models = new SyncedModels({
    credentials: () => credentials.bestOfEachBaseUrl(CREDENTIALS_TO_ASK_WITH),
    upstream,
    own: ownModels,
    intervalMs: settings.MODEL_SYNC_INTERVAL,
    changed: () => bus.publish(modelsChanged, {}),
    log,
    random: Math.random,
  });
  models.start();
  shutdown.add('models', () => models.stop());

  const now = () => performance.now();
  const rows = new CredentialRows(settings.BREAKER_FAULTS, now);
  const snapshot = new Snapshot(grantsDatabase, rows, now);
  await snapshot.readAll();
  const announcements = new Announcements(bus, now);
  const feed = new SnapshotFeed({ snapshot, announcements, added: () => models.refresh(), now, log });
  feed.start();
  shutdown.add('snapshot', () => feed.stop());

  const ttlMs = settings.GRANT_TTL_MS;
  showCredentials(snapshot, measured, now);
  const observe = { seconds: measured.statements };
  const ledger = observeCalls(new GrantLedger(grantsDatabase, rows, ttlMs, now), { name: 'grants', ...observe });
  const wanted = (names: readonly string[]) => announcements.wanted(names);
  const grants = new Grants({ snapshot, ledger, secrets, ttlMs, now, log, wanted });
  const upkeep = new Upkeep({ database: grantsDatabase, ledger, snapshot, now, log });
  upkeep.start();
  shutdown.add('upkeep', () => upkeep.stop());

  const rules = {
    coolingFirstMs: settings.COOLING_FIRST_MS,
    coolingLongestMs: settings.COOLING_LONGEST_MS,
    breakerFaults: settings.BREAKER_FAULTS,
    breakerRestMs: settings.BREAKER_REST_MS,
  };
  const reports = observeCalls(new Reports({ database, rules, log, random: Math.random, changed: feed.changed }), {
    name: 'reports',
    ...observe,
  });
  const intervalMs = settings.HEALTH_INTERVAL;
  const health = new Health({
    ...{ database, credentials, upstream, intervalMs, log },
    random: Math.random,
    changed: feed.changed,
  });
  health.start();
  shutdown.add('health', () => health.stop());

  serveCredentials(bus, { grants, reports, health, credentials, metrics: measured, ttlMs, signal: shutdown.signal });
  bus.serve(listModels, async () => ({ models: await models.list() }));

  const randomHex = () => randomBytes(16).toString('hex');
  const list = new CredentialList(database, Date.now);
  const admin = new CredentialAdmin({ database, list, secrets, defaults, randomHex, now: Date.now });
  serveCredentialAdmin({ bus, list, admin, changed: feed.changed });
  const writes = new ClientKeyWrites(database);
  serveClientKeys(bus, {
    keys: new ClientKeyStore(database, writes, randomHex, Date.now),
    windows: new RequestWindows(database),
    slots: new RequestSlots(database, REQUEST_SLOTS_TTL_MS),
    webhookSecrets: new WebhookSecrets(database, secrets, randomHex, Date.now),
  });
  const usage = observeCalls(new UsageStore(database), { name: 'usage', ...observe });
  serveUsage(bus, usage, new SpentBudgets(database, writes, Date.now), log);
  const sweep = new Sweep(database, usage, log);
  sweep.start();
  shutdown.add('sweep', () => sweep.stop());
  await bus.announce(context);
  // Ready means that a request sent from now on finds a responder.
  await bus.flush();
  log.info('ready');
});
