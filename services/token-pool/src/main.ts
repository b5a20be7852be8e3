import { Bus } from '@grok2api/bus';
import { acquireGrant, credentialOf, listModels, releaseGrant, renewGrant, reportOutcome } from '@grok2api/contracts';
import { createXaiUpstream } from '@grok2api/grok-upstream';
import { readSettings, runService, SettingsError } from '@grok2api/service-kit';
import { bootstrap } from './bootstrap.js';
import { CredentialStore } from './credential-store.js';
import { openDatabase } from './database.js';
import { Grants } from './grants.js';
import { readModelsFile } from './models/models-file.js';
import { SyncedModels } from './models/synced-models.js';
import { Reports } from './reports.js';
import { DecryptError, Secrets } from './secrets.js';
import { settingsSchema } from './settings.js';

const SERVICE = 'token-pool';
/** Tried one after the other to ask an upstream for its models. */
const CREDENTIALS_TO_ASK_WITH = 3;

await runService(SERVICE, async ({ env, instance, log, shutdown }) => {
  const settings = readSettings(settingsSchema, env);
  const ownModels = settings.MODELS_FILE === undefined ? [] : await readModelsFile(settings.MODELS_FILE);

  const database = openDatabase(settings.DATABASE_URL, log);
  shutdown.add('database', () => database.$disconnect());
  const secrets = new Secrets(settings.CREDENTIALS_KEY);
  const credentials = new CredentialStore(database, secrets);
  await credentials.checkSecrets().catch((err: unknown) => {
    if (!(err instanceof DecryptError)) throw err;
    throw new SettingsError(['CREDENTIALS_KEY: the credentials in the database were encrypted under another key']);
  });
  await bootstrap(database, secrets, log, {
    apiKeys: [...settings.XAI_API_KEY, ...settings.XAI_API_KEYS],
    baseUrl: settings.XAI_BASE_URL,
    maxConcurrency: settings.CREDENTIAL_MAX_CONCURRENCY,
  });

  const upstream = createXaiUpstream();
  shutdown.add('upstream', () => upstream.close());
  const models = new SyncedModels({
    credentials: () => credentials.bestOfEachBaseUrl(CREDENTIALS_TO_ASK_WITH),
    upstream,
    own: ownModels,
    intervalMs: settings.MODEL_SYNC_INTERVAL,
    log,
    random: Math.random,
  });
  models.start();
  shutdown.add('models', () => models.stop());

  const bus = await Bus.connect({ url: settings.NATS_URL, name: instance, log });
  shutdown.add('bus', () => bus.close());
  const grants = new Grants(database, credentials, settings.GRANT_TTL_MS);
  const reports = new Reports(database, log, Math.random);
  bus.serve(acquireGrant, (request) => grants.acquire(request));
  bus.serve(renewGrant, async ({ grant_id, holder }) => {
    const renewed = await grants.renew(grant_id, holder);
    return { renewed, expires_in_ms: renewed ? settings.GRANT_TTL_MS : 0 };
  });
  bus.serve(releaseGrant, async ({ grant_id, holder }) => {
    await grants.release(grant_id, holder);
    return {};
  });
  bus.serve(reportOutcome, async (report) => {
    await reports.record(report);
    return {};
  });
  bus.serve(credentialOf, async ({ credential_id }) => ({
    credential: (await credentials.find(credential_id)) ?? null,
  }));
  bus.serve(listModels, async () => ({ models: await models.list() }));
  await bus.announce(SERVICE, instance);
  // Ready means that a request sent from now on finds a responder.
  await bus.flush();
  log.info('ready');
});
