import { createHash } from 'node:crypto';
import type { ClientKey } from '@grok2api/contracts';
import { describe, expect, it } from 'vitest';
import { ClientKeys } from '../src/client-keys/client-keys.js';

function made(id: string, secret: string, changes: Partial<ClientKey> = {}): ClientKey {
  return {
    id,
    name: id,
    secret_hash: createHash('sha256').update(secret).digest('hex'),
    requests_per_minute: null,
    max_concurrency: null,
    models: null,
    monthly_budget_ticks: null,
    expires_at: null,
    revoked_at: null,
    budget_exhausted_in: null,
    ...changes,
  };
}

describe('the client keys', () => {
  it('are found by their secret, those of the settings and those that were made', () => {
    const keys = new ClientKeys([{ name: 'alice', secret: 'alice-secret' }]);
    expect(keys.find('alice-secret')).toMatchObject({ owner: 'alice', revoked: false });
    expect(keys.find('sk-1')).toBeUndefined();
    const limits = { requests_per_minute: 5, models: ['grok-4'], expires_at: '2030-01-01T00:00:00Z' };
    keys.update([made('key_1', 'sk-1', limits), made('key_2', 'sk-2')]);
    expect(keys.find('sk-1')).toMatchObject({
      owner: 'key_1',
      requestsPerMinute: 5,
      models: new Set(['grok-4']),
      expiresAt: Date.UTC(2030, 0, 1),
      maxConcurrency: undefined,
    });
    keys.update([made('key_1', 'sk-1', { revoked_at: '2026-01-01T00:00:00Z' })]);
    expect(keys.find('sk-1')).toMatchObject({ revoked: true, requestsPerMinute: undefined });
    expect(keys.find('sk-2')).toMatchObject({ revoked: false });
    keys.forgetMade();
    expect([keys.find('sk-2'), keys.find('alice-secret')]).toMatchObject([undefined, { owner: 'alice' }]);
  });

  it('leave the server open only once it is known that there has never been one', () => {
    const keys = new ClientKeys([]);
    expect([keys.mode, keys.complete]).toEqual(['unknown', false]);
    keys.update([]);
    expect(keys.mode).toBe('unknown');
    keys.markComplete();
    expect([keys.mode, keys.complete]).toEqual(['open', true]);
    keys.update([made('key_1', 'sk-1', { revoked_at: '2026-01-01T00:00:00Z' })]);
    expect(keys.mode).toBe('closed');
    keys.forgetMade();
    keys.markComplete();
    expect(keys.mode).toBe('closed');
  });

  it('of the settings close the server from the start', () => {
    const keys = new ClientKeys([{ name: 'alice', secret: 'alice-secret' }]);
    expect([keys.mode, keys.complete]).toEqual(['closed', false]);
  });
});
