import { upstreamSettings } from '@grok2api/grok-upstream';
import {
  databaseUrlSetting,
  durationSetting,
  integerSetting,
  listSetting,
  natsUrlSetting,
  urlSetting,
} from '@grok2api/service-kit';
import { z } from 'zod';

const KEY_BYTES = 32;
const SHORTEST_INTERVAL_MS = 1_000;
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
  ...upstreamSettings,
  XAI_BASE_URL: urlSetting(['https:', 'http:'])
    .prefault('https://api.x.ai/v1')
    .describe('Base URL of the upstream, with `/v1`.'),
  CREDENTIAL_MAX_CONCURRENCY: integerSetting({ max: 1_000_000 })
    .prefault('0')
    .describe('Calls that one credential may be used for at a time; 0 is no limit.'),
  CREDENTIAL_REQUESTS_PER_SECOND: integerSetting({ max: 100_000 })
    .prefault('0')
    .describe('Calls that may be begun with one credential in a second, evenly spaced; 0 is no limit.'),
  COOLING_FIRST_MS: integerSetting({ min: 1, max: 86_400_000 })
    .prefault('2000')
    .describe(
      'Longest rest after a first rate limit without Retry-After, in milliseconds. Each further one doubles it.',
    ),
  COOLING_LONGEST_MS: integerSetting({ min: 1, max: 86_400_000 })
    .prefault('600000')
    .describe('Longest rest after rate limits and faults, in milliseconds, unless the upstream asks for a longer one.'),
  BREAKER_FAULTS: integerSetting({ min: 1, max: 1_000 })
    .prefault('5')
    .describe('Faults in a row after which a credential rests for a model.'),
  BREAKER_REST_MS: integerSetting({ min: 1, max: 86_400_000 })
    .prefault('5000')
    .describe('How long it rests then, in milliseconds, before a single call tries again. Each failed try doubles it.'),
  HEALTH_INTERVAL: durationSetting()
    .refine((ms) => ms >= SHORTEST_INTERVAL_MS, { error: 'must be at least 1s' })
    .prefault('30m')
    .describe('How often the upstream is asked whether each key works and which models it may use.'),
  GRANT_TTL_MS: integerSetting({ min: 100, max: 600_000 })
    .prefault('10000')
    .describe('How long a grant lasts unless it is renewed, in milliseconds.'),
  MODEL_SYNC_INTERVAL: durationSetting()
    .refine((ms) => ms >= SHORTEST_INTERVAL_MS, { error: 'must be at least 1s' })
    .prefault('10m')
    .describe('How often the upstream is asked which models it has.'),
  MODELS_FILE: z
    .string()
    .optional()
    .describe('JSON file with models that are added, or replace those of the same id: see `contracts/src/models.ts`.'),
});

/** The environment that the migrations read. */
export const migrateSettingsSchema = z.object({ DATABASE_URL: databaseUrl });

/** The environment that the rotation of the key reads. */
export const rotateKeySettingsSchema = z.object({
  DATABASE_URL: databaseUrl,
  ...encryptionKeys,
  CREDENTIALS_KEY_OLD: encryptionKey,
});
