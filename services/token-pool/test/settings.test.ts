import { randomBytes } from 'node:crypto';
import { readSettings, SettingsError } from '@grok2api/service-kit';
import { describe, expect, it } from 'vitest';
import { settingsSchema } from '../src/settings.js';

const key = randomBytes(32);
const valid = {
  NATS_URL: 'nats://127.0.0.1:4222',
  DATABASE_URL: 'postgres://u:p@127.0.0.1/db',
  CREDENTIALS_KEY: key.toString('base64'),
};

function faults(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    readSettings(settingsSchema, { ...valid, ...env });
  } catch (err) {
    if (err instanceof SettingsError) return err.faults;
    throw err;
  }
  return [];
}

describe('the settings', () => {
  it('have defaults for all but the servers and the key', () => {
    expect(readSettings(settingsSchema, valid)).toEqual({
      ...valid,
      CREDENTIALS_KEY: key,
      XAI_API_KEY: [],
      XAI_API_KEYS: [],
      XAI_BASE_URL: 'https://api.x.ai/v1',
      CREDENTIAL_MAX_CONCURRENCY: 0,
      CREDENTIAL_REQUESTS_PER_SECOND: 0,
      GRANT_TTL_MS: 10_000,
      COOLING_FIRST_MS: 2_000,
      COOLING_LONGEST_MS: 600_000,
      BREAKER_FAULTS: 5,
      BREAKER_REST_MS: 5_000,
      HEALTH_INTERVAL: 1_800_000,
      MODEL_SYNC_INTERVAL: 600_000,
    });
  });

  it('take lists of keys and a base URL with a slash at the end', () => {
    const settings = { XAI_API_KEYS: 'xai-1, xai-2,', XAI_BASE_URL: 'http://127.0.0.1:9/v1/' };
    expect(readSettings(settingsSchema, { ...valid, ...settings })).toMatchObject({
      XAI_API_KEYS: ['xai-1', 'xai-2'],
      XAI_BASE_URL: 'http://127.0.0.1:9/v1',
    });
  });

  it.each(['short', 'A'.repeat(44), `${key.toString('base64').slice(0, 40)}!!!=`])('refuse the key %s', (text) => {
    expect(faults({ CREDENTIALS_KEY: text })).toEqual([
      'CREDENTIALS_KEY: must be 32 bytes in base64 (openssl rand -base64 32)',
    ]);
  });

  it('never repeat an API key', () => {
    const [fault] = faults({ XAI_API_KEYS: 'xai-1,xai 2é' });
    expect(fault).toBe('XAI_API_KEYS: holds a blank or a character that an API key cannot have');
  });
});
