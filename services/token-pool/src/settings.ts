import { databaseUrlSetting, integerSetting, listSetting, natsUrlSetting, urlSetting } from '@grok2api/service-kit';
import { z } from 'zod';

const KEY_BYTES = 32;
/** What an Authorization header can carry. */
const API_KEY = /^[\x21-\x7e]+$/;

const apiKeys = listSetting().refine((keys) => keys.every((key) => API_KEY.test(key)), {
  error: 'holds a blank or a character that an API key cannot have',
});

const encryptionKey = z.string().transform((text, context) => {
  const key = Buffer.from(text, 'base64');
  // Node ignores what is not base64; only the way back shows that all of the text was.
  if (key.length === KEY_BYTES && key.toString('base64') === text) return key;
  context.addIssue({ code: 'custom', message: `must be ${KEY_BYTES} bytes in base64 (openssl rand -base64 32)` });
  return z.NEVER;
});

const databaseUrl = databaseUrlSetting().describe('Address of the Postgres database.');

const encryptionKeys = {
  CREDENTIALS_KEY: encryptionKey.describe('Key that encrypts the credentials in the database: 32 bytes in base64.'),
  CREDENTIALS_KEY_OLD: encryptionKey
    .optional()
    .describe(
      'The key before, while credentials are encrypted anew: node services/token-pool/dist/rotate-key-main.js.',
    ),
};

/** The environment that the token pool reads. */
export const settingsSchema = z.object({
  NATS_URL: natsUrlSetting().describe('Address of the NATS server, with user and password.'),
  DATABASE_URL: databaseUrl,
  ...encryptionKeys,
  XAI_API_KEY: apiKeys.prefault('').describe("xAI's API key, or several separated by commas."),
  XAI_API_KEYS: apiKeys.prefault('').describe('The same, together with XAI_API_KEY.'),
  XAI_BASE_URL: urlSetting(['https:', 'http:'])
    .prefault('https://api.x.ai/v1')
    .describe('Base URL of the upstream, with `/v1`.'),
  CREDENTIAL_MAX_CONCURRENCY: integerSetting({ max: 1_000_000 })
    .prefault('0')
    .describe('Calls that one credential may be used for at a time; 0 is no limit.'),
  GRANT_TTL_MS: integerSetting({ min: 100, max: 600_000 })
    .prefault('10000')
    .describe('How long a grant lasts unless it is renewed, in milliseconds.'),
});

/** The environment that the migrations read. */
export const migrateSettingsSchema = z.object({ DATABASE_URL: databaseUrl });

/** The environment that the rotation of the key reads. */
export const rotateKeySettingsSchema = z.object({
  DATABASE_URL: databaseUrl,
  ...encryptionKeys,
  CREDENTIALS_KEY_OLD: encryptionKey,
});
