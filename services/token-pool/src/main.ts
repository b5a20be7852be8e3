import { randomBytes } from 'node:crypto';
import { Bus } from '@grok2api/bus';
import { acquireGrant, credentialOf, releaseGrant, renewGrant, reportOutcome } from '@grok2api/contracts';
import { readSettings, runService, SettingsError } from '@grok2api/service-kit';
import { CredentialAdmin } from './admin/credential-admin.js';
import { CredentialList } from './admin/credential-list.js';
import { serveCredentialAdmin } from './admin/serve-credential-admin.js';
import { bootstrap } from './bootstrap.js';
import { ClientKeyStore } from './client-keys/client-key-store.js';
import { ClientKeyWrites } from './client-keys/client-key-writes.js';
import { RequestSlots } from './client-keys/request-slots.js';
import { RequestWindows } from './client-keys/request-windows.js';
import { serveClientKeys } from './client-keys/serve-client-keys.js';
import { CredentialStore } from './credential-store.js';
import { openDatabase } from './database.js';
import { Grants } from './grants.js';
import { Reports } from './reports.js';
import { DecryptError, Secrets } from './secrets.js';
import { settingsSchema } from './settings.js';
import { Sweep } from './sweep.js';
import { serveUsage } from './usage/serve-usage.js';
import { SpentBudgets } from './usage/spent-budgets.js';
import { UsageStore } from './usage/usage-store.js';

const SERVICE = 'token-pool';
/** How long a gateway that died keeps its clients' requests counted as being in progress. */
const REQUEST_SLOTS_TTL_MS = 10_000;

await runService(SERVICE, async ({ env, instance, log, shutdown }) => {
  const settings = readSettings(settingsSchema, env);

  const database = openDatabase(settings.DATABASE_URL, log);
  shutdown.add('database', () => database.$disconnect());
  const { CREDENTIALS_KEY, CREDENTIALS_KEY_OLD } = settings;
  const secrets = new Secrets(CREDENTIALS_KEY, CREDENTIALS_KEY_OLD ? [CREDENTIALS_KEY_OLD] : []);
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
  const randomHex = () => randomBytes(16).toString('hex');
  const list = new CredentialList(database, Date.now);
  const defaults = { baseUrl: settings.XAI_BASE_URL, maxConcurrency: settings.CREDENTIAL_MAX_CONCURRENCY };
  const admin = new CredentialAdmin({ database, list, secrets, defaults, randomHex, now: Date.now });
  serveCredentialAdmin(bus, list, admin);
  const writes = new ClientKeyWrites(database);
  serveClientKeys(bus, {
    keys: new ClientKeyStore(database, writes, randomHex, Date.now),
    windows: new RequestWindows(database),
    slots: new RequestSlots(database, REQUEST_SLOTS_TTL_MS),
  });
  const usage = new UsageStore(database);
  serveUsage(bus, usage, new SpentBudgets(database, writes, Date.now), log);
  const sweep = new Sweep(database, usage, log);
  sweep.start();
  shutdown.add('sweep', () => sweep.stop());
  await bus.announce(SERVICE, instance);
  // Ready means that a request sent from now on finds a responder.
  await bus.flush();
  log.info('ready');
});
