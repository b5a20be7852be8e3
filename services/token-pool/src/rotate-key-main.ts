import { hostname } from 'node:os';
import { createLogger, readSettings, SettingsError } from '@grok2api/service-kit';
import { openDatabase } from './database.js';
import { rotateKey } from './rotate-key.js';
import { DecryptError, Secrets } from './secrets.js';
import { rotateKeySettingsSchema } from './settings.js';

const log = createLogger({
  service: 'token-pool-rotate-key',
  instance: `token-pool-rotate-key@${hostname()}:${process.pid}`,
  level: process.env.LOG_LEVEL || 'info',
});

try {
  const settings = readSettings(rotateKeySettingsSchema, process.env);
  const database = openDatabase(settings.DATABASE_URL, log);
  try {
    const secrets = new Secrets(settings.CREDENTIALS_KEY, [settings.CREDENTIALS_KEY_OLD]);
    const rotated = await rotateKey(database, secrets, log);
    log.info({ rotated }, 'every secret is encrypted under CREDENTIALS_KEY');
  } finally {
    await database.$disconnect();
  }
} catch (err) {
  if (err instanceof SettingsError) log.fatal(err.faults.join('; '));
  else if (err instanceof DecryptError)
    log.fatal(`${err.message}: is it under a third key? Nothing of it was changed.`);
  else log.fatal({ err }, 'the key could not be rotated');
  process.exitCode = 1;
}
