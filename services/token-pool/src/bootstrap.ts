import { randomBytes } from 'node:crypto';
import type { Logger } from '@grok2api/service-kit';
import type { Database } from './database.js';
import { hashSecret, type Secrets } from './secrets.js';

/** The credentials that the environment names. */
interface EnvironmentCredentials {
  apiKeys: readonly string[];
  baseUrl: string;
  maxConcurrency: number;
  requestsPerSecond: number;
}

/** Any number does that no other lock in the database uses. */
const BOOTSTRAP_LOCK = 0x706f6f6c;
const LAST = 4;

/**
 * Makes the stored credentials agree with the environment. A new key gets a row; a known one takes the environment's
 * base URL and limits and gets a new chance, whatever the upstream had disabled it for, and also when it had been deleted;
 * only an administrator's disabling stays. One that came from the environment and is no longer there is disabled, but
 * kept for polling the jobs it began. Doing it again changes nothing.
 */
export async function bootstrap(
  database: Database,
  secrets: Secrets,
  log: Logger,
  { apiKeys, baseUrl, maxConcurrency, requestsPerSecond }: EnvironmentCredentials,
): Promise<void> {
  const named = [...new Set(apiKeys)].map((secret) => ({ secret, secretHash: hashSecret(secret) }));
  const hashes = named.map(({ secretHash }) => secretHash);
  const update = {
    ...{ baseUrl, maxConcurrency, requestsPerSecond, deletedAt: null },
    // Long ago: at once.
    nextCheckAt: new Date(0),
  };
  await database.$transaction([
    // Several processes start at once: in turn, they cannot lock each other's rows crosswise.
    database.$executeRaw`SELECT pg_advisory_xact_lock(${BOOTSTRAP_LOCK})`,
    // In the order in which everybody else locks them.
    database.$queryRaw`SELECT FROM pool.credentials WHERE source = 'environment' ORDER BY id FOR NO KEY UPDATE`,
    ...named.map(({ secret, secretHash }) => {
      const id = `cred_${randomBytes(16).toString('hex')}`;
      const secretEncrypted = secrets.encrypt(secret, id);
      const create = { id, secretEncrypted, secretHash, last4: secret.slice(-LAST), source: 'environment' as const };
      return database.credential.upsert({ where: { secretHash }, create: { ...create, ...update }, update });
    }),
    database.credential.updateMany({
      where: { secretHash: { in: hashes }, OR: [{ disabledReason: null }, { disabledReason: { not: 'admin' } }] },
      data: { enabled: true, disabledReason: null, disabledMessage: null },
    }),
    database.credentialModel.updateMany({
      where: { state: 'dead', credential: { secretHash: { in: hashes } } },
      data: { state: 'ok' },
    }),
    database.credential.updateMany({
      where: { source: 'environment', enabled: true, secretHash: { notIn: hashes } },
      data: { enabled: false, disabledReason: 'removed' },
    }),
  ]);
  const enabled = await database.credential.count({ where: { enabled: true } });
  if (enabled === 0) log.warn('no credential is enabled: set XAI_API_KEY');
  else log.info({ from_environment: named.length, enabled }, 'credentials ready');
}
