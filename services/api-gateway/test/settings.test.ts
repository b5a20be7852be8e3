import { SettingsError } from '@grok2api/service-kit';
import { expect, it } from 'vitest';
import { readGatewaySettings } from '../src/settings.js';

const GOOD = {
  NATS_URL: 'nats://127.0.0.1:4222',
  DATABASE_URL: 'postgresql://me:pass@127.0.0.1:5432/tasks',
  MEDIA_DIR: '/media',
  HOST: '127.0.0.1',
};

it('a request may not have less time than its headers: that is told, and nobody starts again and again', () => {
  expect(readGatewaySettings({ ...GOOD, HEADERS_TIMEOUT_MS: '5000', REQUEST_TIMEOUT_MS: '5000' })).toBeDefined();
  const read = () => readGatewaySettings({ ...GOOD, REQUEST_TIMEOUT_MS: '10000' });
  expect(read).toThrow(SettingsError);
  expect(read).toThrow('REQUEST_TIMEOUT_MS is 10000, less than HEADERS_TIMEOUT_MS, which is 15000');
});
