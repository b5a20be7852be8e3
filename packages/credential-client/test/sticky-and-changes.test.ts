import { setTimeout as sleep } from 'node:timers/promises';
import { updateCredential } from '@grok2api/contracts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CALL, CHAT, VIDEO } from '../../../services/token-pool/test/fixture.js';
import { Holders, take, until } from './holders.js';

const SIGNAL = new AbortController().signal;
const KEYS = Array.from({ length: 6 }, (_, index) => `xai-${index}`);
let holders: Holders;

beforeAll(async () => {
  holders = await Holders.start();
});

afterEach(() => holders.reset());
afterAll(() => holders.destroy());

describe('calls with the same sticky key', () => {
  it.each(['0', '40'])('go to the same credential from every process: limit %s', async (limit) => {
    const env = { XAI_API_KEYS: KEYS.join(','), CREDENTIAL_MAX_CONCURRENCY: limit };
    await Promise.all([holders.fixture.startPool(env), holders.fixture.startPool(env)]);
    const clients = [holders.client(), holders.client(), holders.client()];
    const used = new Map<string, Set<string>>();
    for (let i = 0; i < 60; i++) {
      const sticky = `conversation ${i % 12}`;
      const grant = await take(clients[i % clients.length] ?? holders.client(), [CHAT], { sticky, waitMs: 1_000 });
      used.set(sticky, (used.get(sticky) ?? new Set()).add(grant.credential.secret));
      await grant.release();
    }
    for (const [sticky, secrets] of used) expect([sticky, secrets.size]).toEqual([sticky, 1]);
    expect(new Set([...used.values()].flatMap((secrets) => [...secrets])).size).toBeGreaterThan(2);
  });

  it('go to another one while that is not free', async () => {
    await holders.fixture.startPool({ XAI_API_KEYS: 'xai-1,xai-2', CREDENTIAL_MAX_CONCURRENCY: '1' });
    const client = holders.client();
    const [first, second] = [await take(client, [CHAT], { sticky: 'a' }), await take(client, [CHAT], { sticky: 'a' })];
    expect(second.credential.secret).not.toBe(first.credential.secret);
    expect(await client.acquire([CHAT], { signal: SIGNAL, sticky: 'a' })).toMatchObject({ reason: 'busy' });
  });

  it('need no message after the first one, and say nothing of the key on the bus', async () => {
    await holders.fixture.startPool({ XAI_API_KEYS: KEYS.join(',') });
    const client = holders.client();
    for (let i = 0; i < 20; i++) await (await take(client, [CHAT], { sticky: 'user@example.com' })).release();
    expect(holders.messages).toHaveLength(1);
    expect(JSON.stringify(holders.requests)).not.toContain('user@example');
  });

  it('use the idle slot that is there: no other is granted', async () => {
    await holders.fixture.startPool({ XAI_API_KEY: 'xai-1', CREDENTIAL_MAX_CONCURRENCY: '1' });
    const client = holders.client();
    const held = await take(client, [CHAT]);
    await held.release();
    for (let i = 0; i < 10; i++) await (await take(client, [CHAT], { sticky: `conversation ${i}` })).release();
    expect(await holders.grantedSlots()).toBe(1);
  });
});

describe('a credential that is out of use', () => {
  const env = { XAI_API_KEYS: 'xai-1,xai-2', CREDENTIAL_MAX_CONCURRENCY: '5', GRANT_TTL_MS: '60000' };

  /** A client that holds an idle and a used slot of each credential, and which credential the first one is of. */
  async function holdsBoth() {
    const client = holders.client();
    const held = await Promise.all(Array.from({ length: 4 }, () => take(client, [CHAT, VIDEO])));
    const [first] = held;
    if (!first) throw new Error('nothing was taken');
    return { client, held, id: first.credential.id };
  }

  it('gets no new calls once another process has reported it dead; running ones go on', async () => {
    await holders.fixture.startPool(env);
    const { client, held, id } = await holdsBoth();
    holders.client().report(id, CHAT, 'dead');
    await until(() => held.every(({ valid, credential }) => valid === (credential.id !== id)));
    for (let i = 0; i < 3; i++) expect((await take(client, [CHAT])).credential.id).not.toBe(id);
    // The calls that run still count, until they end.
    const used = held.filter(({ credential }) => credential.id === id).length;
    const count = () =>
      holders.fixture.database.grant.aggregate({ where: { credentialId: id }, _sum: { slots: true } });
    await until(async () => (await count())._sum.slots === used);
    await Promise.all(held.map((grant) => grant.release()));
    await until(async () => (await count())._sum.slots === null);
  });

  it('gets no new calls once it was disabled by any hand', async () => {
    await Promise.all([holders.fixture.startPool(env), holders.fixture.startPool(env)]);
    const { held, id } = await holdsBoth();
    await holders.fixture.database.credential.update({ where: { id }, data: { enabled: false } });
    const begun = performance.now();
    await until(() => held.every(({ valid, credential }) => valid === (credential.id !== id)));
    expect(performance.now() - begun).toBeLessThan(3_000);
  });

  it.each([
    ['another base URL', { base_url: 'http://127.0.0.1:9/v2' }],
    ['a proxy', { proxy_url: 'http://me:password@127.0.0.1:9' }],
    ['a pace', { requests_per_second: 1_000 }],
  ])(
    'with %s is used as it is from then on, and its slots count while the calls of before go on',
    async (_, changes) => {
      const limit = { XAI_API_KEY: 'xai-1', CREDENTIAL_MAX_CONCURRENCY: '2', GRANT_TTL_MS: '900' };
      await holders.fixture.startPool(limit);
      const client = holders.client();
      const before = await take(client);
      const { id } = before.credential;
      await holders.fixture.bus.call(updateCredential, { credential_id: id, changes }, CALL);
      await until(() => !before.valid);
      const after = await take(client, [VIDEO], { waitMs: 5_000 });
      expect(after.credential).toMatchObject('requests_per_second' in changes ? before.credential : changes);
      expect(await client.acquire([VIDEO], { signal: new AbortController().signal })).toMatchObject({ reason: 'busy' });
      await before.release();
      await take(client, [VIDEO], { waitMs: 5_000 });
    },
  );

  it('gets no new calls once it was deleted', async () => {
    await holders.fixture.startPool({ ...env, GRANT_TTL_MS: '3000' });
    const { held, id } = await holdsBoth();
    await holders.fixture.database.credential.delete({ where: { id } });
    await until(() => held.every(({ valid, credential }) => valid === (credential.id !== id)));
  });

  it('gets no calls of a model that rests, from any process, and others as before', async () => {
    await Promise.all([holders.fixture.startPool(env), holders.fixture.startPool(env)]);
    const { client, held, id } = await holdsBoth();
    await Promise.all(held.map((grant) => grant.release()));
    const reporter = holders.client();
    await reporter.deliver(id, CHAT, 'rate_limited', { retryAfterMs: 60_000 });
    await holders.fixture.bus.flush();
    await sleep(50);
    const chats = await Promise.all(Array.from({ length: 4 }, () => take(client, [CHAT])));
    expect(chats.map(({ credential }) => credential.id)).not.toContain(id);
    const videos = await Promise.all(Array.from({ length: 4 }, () => take(client, [VIDEO])));
    expect(videos.map(({ credential }) => credential.id)).toContain(id);
  });
});

describe('reports', () => {
  const reports = () => holders.messages.filter((subject) => subject.endsWith('.report')).length;

  it('of success cost no message, unless there is something to clear', async () => {
    await holders.fixture.startPool({ XAI_API_KEY: 'xai-1' });
    const client = holders.client();
    const call = async (outcome: 'ok' | 'fault' | 'not_counted') => {
      const grant = await take(client, [CHAT]);
      await grant.deliver(CHAT, outcome);
      await grant.release();
    };
    for (let i = 0; i < 10; i++) await call('ok');
    await call('not_counted');
    expect(reports()).toBe(0);
    await call('fault');
    expect(await holders.fixture.database.credentialModel.findFirst()).toMatchObject({ faults: 1 });
    for (let i = 0; i < 10; i++) await call('ok');
    expect(reports()).toBe(2);
    expect(await holders.fixture.database.credentialModel.findFirst()).toMatchObject({ faults: 0 });
  });

  it('of success clear what another process has reported', async () => {
    await holders.fixture.startPool({ XAI_API_KEY: 'xai-1' });
    const client = holders.client();
    const grant = await take(client, [CHAT]);
    await holders.client().deliver(grant.credential.id, CHAT, 'fault');
    await holders.fixture.bus.flush();
    await until(async () => {
      await grant.deliver(CHAT, 'ok');
      return (await holders.fixture.database.credentialModel.findFirst())?.faults === 0;
    });
  });

  it('of the same rate limit by many calls at once are one', async () => {
    await holders.fixture.startPool({ XAI_API_KEY: 'xai-1' });
    const client = holders.client();
    const held = await Promise.all(Array.from({ length: 30 }, () => take(client, [CHAT])));
    await Promise.all(held.map((grant) => grant.deliver(CHAT, 'rate_limited', { retryAfterMs: 5_000 })));
    expect(reports()).toBe(1);
  });

  it('of a probe that came to nothing let another one begin', async () => {
    await holders.fixture.startPool({ XAI_API_KEY: 'xai-1', BREAKER_FAULTS: '1', BREAKER_REST_MS: '100' });
    const client = holders.client();
    const id = (await take(client, [CHAT])).credential.id;
    await client.deliver(id, CHAT, 'fault');
    for (let i = 0; i < 3; i++) {
      let probe = await client.acquire([CHAT], { signal: SIGNAL });
      while (probe.status === 'unavailable') probe = await client.acquire([CHAT], { signal: SIGNAL });
      expect(await client.acquire([CHAT], { signal: SIGNAL })).toMatchObject({ reason: 'cooling' });
      await probe.release();
    }
  });
});
