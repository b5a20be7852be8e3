import { randomBytes } from 'node:crypto';
import { newWebhookSecret } from '@grok2api/contracts';
import { readSettings } from '@grok2api/service-kit';
import { describe, expect, it } from 'vitest';
import { settingsSchema } from '../src/settings.js';

const SECRET = newWebhookSecret(randomBytes);
const ENV = {
  NATS_URL: 'nats://localhost',
  DATABASE_URL: 'postgresql://localhost/test',
  CALLBACK_SECRET: SECRET,
};

const read = (env: NodeJS.ProcessEnv) => readSettings(settingsSchema, { ...ENV, ...env });

describe('the settings', () => {
  it('need nothing but the servers and a secret', () => {
    expect(read({})).toMatchObject({
      CALLBACK_SECRET: { current: SECRET },
      CALLBACK_SCHEDULE: [0, 5_000, 30_000, 120_000, 600_000, 1_800_000, 7_200_000, 21_600_000, 43_200_000, 86_400_000],
      CALLBACK_TIMEOUT_MS: 15_000,
      FETCH_ALLOW: [],
    });
  });

  it('let receivers be told at other times in tests alone', () => {
    const [other, promised] = ['0s,1s', '0s,5s,30s,2m,10m,30m,2h,6h,12h,24h'];
    const NODE_ENV = 'production';
    expect(read({ CALLBACK_SCHEDULE: other }).CALLBACK_SCHEDULE).toEqual([0, 1_000]);
    expect(() => read({ CALLBACK_SCHEDULE: other, NODE_ENV })).toThrow(/CALLBACK_SCHEDULE: is for tests/);
    expect(read({ CALLBACK_SCHEDULE: promised, NODE_ENV })).toEqual({ ...read({}), NODE_ENV });
    expect(read({ NODE_ENV })).toEqual({ ...read({}), NODE_ENV });
  });

  it('take two secrets while one replaces the other', () => {
    const previous = newWebhookSecret(randomBytes);
    expect(read({ CALLBACK_SECRET: `${SECRET}, ${previous}` }).CALLBACK_SECRET).toEqual({ current: SECRET, previous });
  });

  it.each([
    ['CALLBACK_SECRET', ''],
    ['CALLBACK_SECRET', 'c2VjcmV0LXRoYXQtaXMtbG9uZy1lbm91Z2gtZm9yLWl0'],
    ['CALLBACK_SECRET', 'whsec_c2VjcmV0'],
    ['CALLBACK_SECRET', `${SECRET}!`],
    ['CALLBACK_SECRET', `${SECRET},${SECRET},${SECRET}`],
    ['CALLBACK_SCHEDULE', '0s,10s,5s'],
    ['CALLBACK_SCHEDULE', '5s,5s'],
    ['CALLBACK_SCHEDULE', '0s,soon'],
    ['CALLBACK_SCHEDULE', ','],
    ['CALLBACK_TIMEOUT_MS', '0'],
    ['FETCH_ALLOW', 'localhost'],
  ])('are refused when they are wrong, without telling secrets: %s=%s', (name, value) => {
    let message = '';
    try {
      read({ [name]: value });
    } catch (err) {
      message = String(err);
    }
    expect(message).toContain(name);
    expect(message).not.toContain('whsec_c2');
    expect(message).not.toContain(SECRET);
  });
});
