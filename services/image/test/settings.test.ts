import { SettingsError } from '@grok2api/service-kit';
import { expect, it } from 'vitest';
import { readImageSettings } from '../src/settings.js';

const GOOD = {
  NATS_URL: 'nats://127.0.0.1:4222',
  DATABASE_URL: 'postgresql://me:pass@127.0.0.1:5432/tasks',
  MEDIA_DIR: '/media',
};

it('race points are for tests, and refused in production', () => {
  const settings = { ...GOOD, RACE_POINTS: 'after-create:kill@2' };
  expect(readImageSettings(settings).RACE_POINTS).toEqual([{ point: 'after-create', action: 'kill', nth: 2 }]);
  expect(() => readImageSettings({ ...settings, NODE_ENV: 'production' })).toThrow(SettingsError);
  expect(readImageSettings({ ...GOOD, NODE_ENV: 'production' }).RACE_POINTS).toBeUndefined();
});
