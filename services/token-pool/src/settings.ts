import { integerSetting, listSetting, urlSetting } from '@grok2api/service-kit';
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

const databaseUrl = urlSetting(['postgres:', 'postgresql:']);

/** The environment that the token pool reads. */
export const settingsSchema = z.object({
  NATS_URL: urlSetting(['nats:', 'tls:']),
  DATABASE_URL: databaseUrl,
  /** Encrypts the credentials in the database. */
  CREDENTIALS_KEY: encryptionKey,
  /** One API key, or several separated by commas; together with `XAI_API_KEYS`. */
  XAI_API_KEY: apiKeys.default([]),
  XAI_API_KEYS: apiKeys.default([]),
  /** With `/v1`. */
  XAI_BASE_URL: urlSetting(['https:', 'http:']).default('https://api.x.ai/v1'),
  /** Slots of one credential granted at a time; 0 is no limit. */
  CREDENTIAL_MAX_CONCURRENCY: integerSetting({ max: 1_000_000 }).default(0),
  /** How long a grant lasts unless it is renewed. */
  GRANT_TTL_MS: integerSetting({ min: 100, max: 600_000 }).default(10_000),
});

/** The environment that the migrations read. */
export const migrateSettingsSchema = z.object({ DATABASE_URL: databaseUrl });
