import { randomBytes } from 'node:crypto';
import { Bus, NoResponderError } from '@grok2api/bus';
import { newWebhookSecret, webhookSecretsOf } from '@grok2api/contracts';
import { createLogger } from '@grok2api/service-kit';
import { startNats, type TestNats } from '@grok2api/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { KeySecrets } from '../src/signing-secrets.js';

const FALLBACK = { current: newWebhookSecret(randomBytes) };
const KEY = `key_${'a'.repeat(32)}`;

let nats: TestNats;
let bus: Bus;
/** Answers in the token pool's stead. */
let pool: Bus;
let asked: string[];
let answer: { current: string | null; previous: string | null };
let now: number;
let secrets: KeySecrets;

const log = createLogger({ service: 'test', instance: 'test', level: 'silent' });

beforeAll(async () => {
  nats = await startNats();
});

afterAll(() => nats.stop());

beforeEach(async () => {
  now = 0;
  asked = [];
  answer = { current: null, previous: null };
  [bus, pool] = (await Promise.all(
    ['dispatcher', 'pool'].map((name) => Bus.connect({ url: nats.url, name, log })),
  )) as [Bus, Bus];
  secrets = new KeySecrets({ bus, fallback: FALLBACK, now: () => now });
});

afterEach(() => Promise.all([bus.close(), pool.close()]));

async function serve(): Promise<void> {
  pool.serve(webhookSecretsOf, async ({ key_id }) => {
    asked.push(key_id);
    return answer;
  });
  await pool.flush();
}

describe('what a callback is signed with', () => {
  it('is the fallback for owners that are no client key of an administrator, without asking', async () => {
    for (const owner of ['open', 'alice', 'key_alice', '']) expect(await secrets.of(owner)).toEqual(FALLBACK);
    expect(asked).toEqual([]);
  });

  it('is the secret of the client key, and the one before beside it', async () => {
    await serve();
    const [current, previous] = [newWebhookSecret(randomBytes), newWebhookSecret(randomBytes)];
    answer = { current, previous };
    expect(await secrets.of(KEY)).toEqual({ current, previous });
  });

  it('is the fallback for a client key that has none', async () => {
    await serve();
    expect(await secrets.of(KEY)).toEqual(FALLBACK);
  });

  it('is asked for once in a while, and after a change, however many want to know', async () => {
    await serve();
    await Promise.all(Array.from({ length: 50 }, () => secrets.of(KEY)));
    now += 29_000;
    await secrets.of(KEY);
    expect(asked).toEqual([KEY]);
    const current = newWebhookSecret(randomBytes);
    answer = { current, previous: null };
    now += 2_000;
    expect(await secrets.of(KEY)).toMatchObject({ current });
    expect(asked).toEqual([KEY, KEY]);
    secrets.forget();
    await secrets.of(KEY);
    expect(asked).toEqual([KEY, KEY, KEY]);
  });

  it('is asked for again after nobody answered', async () => {
    await expect(secrets.of(KEY)).rejects.toBeInstanceOf(NoResponderError);
    await serve();
    expect(await secrets.of(KEY)).toEqual(FALLBACK);
  });
});
