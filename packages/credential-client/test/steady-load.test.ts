import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CHAT, VIDEO } from '../../../services/token-pool/test/fixture.js';
import type { CredentialClient, HeldGrant } from '../src/index.js';
import { Holders, take, until } from './holders.js';

const SIGNAL = new AbortController().signal;
let holders: Holders;

beforeAll(async () => {
  holders = await Holders.start();
});

afterEach(() => holders.reset());
afterAll(() => holders.destroy());

/** Calls of 20 ms one after the other, in so many lanes, for a while. Resolves to how many there were of each key. */
async function load(client: CredentialClient, lanes: number, ms: number): Promise<Map<string, number>> {
  const end = performance.now() + ms;
  const calls = new Map<string, number>();
  const lane = async () => {
    while (performance.now() < end) {
      const grant = await take(client, [CHAT]);
      calls.set(grant.credential.secret, (calls.get(grant.credential.secret) ?? 0) + 1);
      await sleep(20);
      await grant.release();
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return calls;
}

describe('a steady load', () => {
  it.each([
    ['with a limit', '50'],
    ['without a limit', '0'],
  ])('costs next to no message and no write: %s', async (_, limit) => {
    await holders.fixture.startPool({ XAI_API_KEY: 'xai-1', CREDENTIAL_MAX_CONCURRENCY: limit });
    const client = holders.client();
    await load(client, 20, 500);
    const [messages, writes] = [holders.messages.length, await holders.writes()];
    const calls = await load(client, 20, 4_000);
    expect(calls.get('xai-1')).toBeGreaterThan(500);
    expect(holders.messages.length - messages).toBeLessThan(20);
    expect((await holders.writes()) - writes).toBeLessThan(20);
  });

  it('keeps its slots for longer than a grant lasts', async () => {
    const env = { XAI_API_KEY: 'xai-1', CREDENTIAL_MAX_CONCURRENCY: '4', GRANT_TTL_MS: '600' };
    await holders.fixture.startPool(env);
    const client = holders.client();
    await load(client, 4, 2_000);
    expect(await holders.grantedSlots()).toBe(4);
  });

  it('goes round among credentials without a limit', async () => {
    const keys = ['xai-1', 'xai-2', 'xai-3', 'xai-4'];
    await holders.fixture.startPool({ XAI_API_KEYS: keys.join(','), GRANT_TTL_MS: '300' });
    const calls = await load(holders.client(), 1, 3_000);
    expect([...calls.keys()].sort()).toEqual(keys);
  });

  it('goes on while the token pool is away, until the grants end', async () => {
    const pool = await holders.fixture.startPool({ XAI_API_KEY: 'xai-1', GRANT_TTL_MS: '3000' });
    const client = holders.client();
    await load(client, 3, 300);
    pool.signal('SIGKILL');
    await pool.exited;
    const killedAt = performance.now();
    await load(client, 3, 1_500);
    await until(async () => {
      const taken = await client.acquire([CHAT], { signal: SIGNAL });
      if (taken.status === 'granted') await taken.release();
      return taken.status === 'unavailable' && taken.reason === 'pool_unavailable';
    });
    // The life of a grant, and the time in which the token pool may answer.
    expect(performance.now() - killedAt).toBeLessThan(8_000);
  });
});

describe('idle slots', () => {
  const env = { XAI_API_KEY: 'xai-1', CREDENTIAL_MAX_CONCURRENCY: '10' };

  async function takeMany(client: CredentialClient, count: number): Promise<HeldGrant[]> {
    return Promise.all(Array.from({ length: count }, () => take(client)));
  }

  it('are given back within half a second, those in use and a little headroom are not', async () => {
    await holders.fixture.startPool(env);
    const client = holders.client();
    const held = await takeMany(client, 9);
    await Promise.all(held.slice(4).map((grant) => grant.release()));
    const releasedAt = performance.now();
    await until(async () => (await holders.grantedSlots()) === 6);
    expect(performance.now() - releasedAt).toBeLessThan(1_000);
    await Promise.all(held.map((grant) => grant.release()));
    await until(async () => (await holders.grantedSlots()) === 0);
  });

  it('are given back at once when another process needs them', async () => {
    await holders.fixture.startPool({ ...env, GRANT_TTL_MS: '60000' });
    const client = holders.client();
    const held = await takeMany(client, 10);
    // The last of them is headroom, kept for calls to come.
    await Promise.all(held.slice(7).map((grant) => grant.release()));
    const askedAt = performance.now();
    const grant = await take(holders.client(), [VIDEO], { waitMs: 2_000 });
    expect(performance.now() - askedAt).toBeLessThan(500);
    expect(grant.valid).toBe(true);
    expect(held.slice(0, 7).every(({ valid }) => valid)).toBe(true);
  });

  it('of the process itself serve another model', async () => {
    await holders.fixture.startPool({ XAI_API_KEY: 'xai-1', CREDENTIAL_MAX_CONCURRENCY: '1' });
    const client = holders.client();
    await (await take(client, [VIDEO])).release();
    const grant = await take(client, [CHAT], { waitMs: 1_000 });
    expect(grant.models).toEqual([CHAT]);
  });
});

describe('waiting', () => {
  it('ends with the slot that another call of the process releases, first come, first served', async () => {
    await holders.fixture.startPool({ XAI_API_KEY: 'xai-1', CREDENTIAL_MAX_CONCURRENCY: '1' });
    const client = holders.client();
    const held = await take(client);
    const order: number[] = [];
    const waiting = [1, 2, 3].map(async (number) => {
      const grant = await take(client, [VIDEO], { waitMs: 5_000 });
      order.push(number);
      await grant.release();
    });
    await sleep(200);
    expect(order).toEqual([]);
    await held.release();
    await Promise.all(waiting);
    expect(order).toEqual([1, 2, 3]);
  });

  it('ends with what another process gives back', async () => {
    await holders.fixture.startPool({ XAI_API_KEY: 'xai-1', CREDENTIAL_MAX_CONCURRENCY: '1' });
    const held = await take(holders.client());
    const waiting = take(holders.client(), [VIDEO], { waitMs: 5_000 });
    await sleep(100);
    await held.release();
    expect((await waiting).valid).toBe(true);
  });

  it('ends with its time, not before', async () => {
    await holders.fixture.startPool({ XAI_API_KEY: 'xai-1', CREDENTIAL_MAX_CONCURRENCY: '1' });
    const client = holders.client();
    await take(client);
    const begun = performance.now();
    const taken = await client.acquire([VIDEO], { signal: SIGNAL, waitMs: 700 });
    expect(taken).toMatchObject({ reason: 'busy' });
    expect(performance.now() - begun).toBeGreaterThanOrEqual(695);
    expect(performance.now() - begun).toBeLessThan(2_000);
  });

  it('ends at once when every credential rests', async () => {
    await holders.fixture.startPool({ XAI_API_KEY: 'xai-1' });
    const client = holders.client();
    const held = await take(client);
    held.report(VIDEO, 'rate_limited', { retryAfterMs: 60_000 });
    await until(async () => (await holders.fixture.database.credentialModel.count()) === 1);
    const taken = await client.acquire([VIDEO], { signal: SIGNAL, waitMs: 10_000 });
    expect(taken).toMatchObject({ reason: 'cooling' });
    if (taken.status === 'unavailable') expect(taken.retryAfterMs).toBeGreaterThan(50_000);
  });

  it('bridges a restart of the token pool', async () => {
    const waiting = take(holders.client(), [VIDEO], { waitMs: 30_000 });
    await sleep(200);
    await holders.fixture.startPool({ XAI_API_KEY: 'xai-1' });
    expect((await waiting).valid).toBe(true);
  });

  it('ends with the signal', async () => {
    await holders.fixture.startPool({ XAI_API_KEY: 'xai-1', CREDENTIAL_MAX_CONCURRENCY: '1' });
    const client = holders.client();
    await take(client);
    const controller = new AbortController();
    const waiting = client.acquire([VIDEO], { signal: controller.signal, waitMs: 10_000 });
    await sleep(100);
    controller.abort(new Error('left'));
    await expect(waiting).rejects.toThrow('left');
  });
});
