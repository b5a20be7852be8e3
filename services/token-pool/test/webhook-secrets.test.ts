import { createHash, randomBytes } from 'node:crypto';
import { createClientKey, newWebhookSecret, setWebhookSecret, webhookSecretsOf } from '@grok2api/contracts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CALL, Fixture } from './fixture.js';
import type { TestProcess } from './token-pool-process.js';
import { startTokenPool } from './token-pool-process.js';

let fixture: Fixture;
let pool: TestProcess;

beforeAll(async () => {
  fixture = await Fixture.start();
});

afterEach(() => fixture.reset());
afterAll(() => fixture.destroy());

async function start(env: Record<string, string> = {}): Promise<void> {
  pool = await fixture.startPool(env);
}

async function createKey(): Promise<string> {
  const limits = { requests_per_minute: null, max_concurrency: null, models: null, monthly_budget_ticks: null };
  const secret_hash = createHash('sha256').update(randomBytes(8)).digest('hex');
  const request = { ...limits, expires_at: null, name: 'x', secret_hash, last4: 'abcd' };
  return (await fixture.bus.call(createClientKey, request, CALL)).key.id;
}

/** Gives a key a new secret; resolves to that. */
async function set(key_id: string): Promise<string> {
  const secret = newWebhookSecret(randomBytes);
  const { key } = await fixture.bus.call(setWebhookSecret, { key_id, secret }, CALL);
  expect(key).toMatchObject({ id: key_id, last4: 'abcd' });
  return secret;
}

const of = (key_id: string) => fixture.bus.call(webhookSecretsOf, { key_id }, CALL);

describe('the webhook secret of a client key', () => {
  it('is none at first, then the latest, with the one before beside it', async () => {
    await start();
    const [key, other] = [await createKey(), await createKey()];
    expect(await of(key)).toEqual({ current: null, previous: null });
    const first = await set(key);
    expect(await of(key)).toEqual({ current: first, previous: null });
    const second = await set(key);
    expect(await of(key)).toEqual({ current: second, previous: first });
    const third = await set(key);
    expect(await of(key)).toEqual({ current: third, previous: second });
    expect(await of(other)).toEqual({ current: null, previous: null });
    expect(await fixture.database.webhookSecret.count()).toBe(2);
  });

  it('goes on for a day after it was replaced', async () => {
    await start();
    const key = await createKey();
    const [first, second] = [await set(key), await set(key)];
    const ageBy = (ms: number) =>
      fixture.database.$executeRaw`UPDATE pool.webhook_secrets SET created_at = created_at - ${ms} * interval '1 ms'`;
    await ageBy(86_000_000);
    expect(await of(key)).toEqual({ current: second, previous: first });
    await ageBy(400_000);
    expect(await of(key)).toEqual({ current: second, previous: null });
  });

  it('is not given to a key that there is not', async () => {
    await start();
    const secret = newWebhookSecret(randomBytes);
    const unknown = { key_id: `key_${'0'.repeat(32)}`, secret };
    expect(await fixture.bus.call(setWebhookSecret, unknown, CALL)).toEqual({ key: null });
    expect(await of(unknown.key_id)).toEqual({ current: null, previous: null });
    expect(await of('nonsense')).toEqual({ current: null, previous: null });
  });

  it('is one of those that were asked for at the same moment, and none is lost to an error', async () => {
    await start();
    const key = await createKey();
    const secrets = await Promise.all(Array.from({ length: 20 }, () => set(key)));
    const { current, previous } = await of(key);
    expect(secrets).toContain(current);
    expect(secrets).toContain(previous);
    expect(await fixture.database.webhookSecret.count()).toBe(2);
  });

  it('lies encrypted, is in no log, and goes on under another key', async () => {
    const [first, second] = [1, 2].map(() => randomBytes(32).toString('base64'));
    await start({ CREDENTIALS_KEY: first ?? '' });
    const key = await createKey();
    const secret = await set(key);
    const [row] = await fixture.database.webhookSecret.findMany();
    expect(Buffer.from(row?.secretEncrypted ?? []).includes(secret)).toBe(false);
    await of(key);
    expect(pool.lines.join()).not.toContain(secret.slice(6));
    await pool.stop();

    const env = { DATABASE_URL: fixture.postgres.url, CREDENTIALS_KEY: second ?? '', CREDENTIALS_KEY_OLD: first ?? '' };
    const rotation = startTokenPool('rotate-key-main', env);
    expect(await rotation.exited).toBe(0);
    expect(rotation.lines.at(-1)).toContain('"rotated":1');
    await start({ CREDENTIALS_KEY: second ?? '' });
    expect((await of(key)).current).toBe(secret);
  });
});
