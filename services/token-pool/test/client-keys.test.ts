import { createHash } from 'node:crypto';
import {
  admitRequests,
  type ClientKeyEntry,
  type ClientKeyLimits,
  createClientKey,
  holdRequestSlots,
  listClientKeyEntries,
  listClientKeys,
  revokeClientKey,
  updateClientKey,
} from '@grok2api/contracts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CALL, Fixture } from './fixture.js';

const NO_LIMITS: ClientKeyLimits = {
  requests_per_minute: null,
  max_concurrency: null,
  models: null,
  monthly_budget_ticks: null,
  expires_at: null,
};

let fixture: Fixture;
let secrets = 0;

beforeAll(async () => {
  fixture = await Fixture.start();
});

afterEach(() => fixture.reset());
afterAll(() => fixture.destroy());

async function create(limits: Partial<ClientKeyLimits> = {}, name = 'somebody'): Promise<ClientKeyEntry> {
  const secret_hash = createHash('sha256').update(`sk-${++secrets}`).digest('hex');
  const request = { ...NO_LIMITS, ...limits, name, secret_hash, last4: 'abcd' };
  return (await fixture.bus.call(createClientKey, request, CALL)).key;
}

const list = (after: number, limit = 500) => fixture.bus.call(listClientKeys, { after, limit }, CALL);
const update = (key_id: string, changes: Partial<ClientKeyLimits>) =>
  fixture.bus.call(updateClientKey, { key_id, changes }, CALL);
const revoke = (key_id: string) => fixture.bus.call(revokeClientKey, { key_id }, CALL);
const admit = (key_id: string, count: number) => fixture.bus.call(admitRequests, { key_id, count }, CALL);
const hold = async (key_id: string, holder: string, slots: number) =>
  (await fixture.bus.call(holdRequestSlots, { key_id, holder, slots }, CALL)).slots;

describe('client keys', () => {
  it('are told with their limits, by the hash of their secret', async () => {
    await fixture.startPool({});
    expect(await list(0)).toEqual({ keys: [], up_to: 0, latest: 0 });
    const limits = {
      requests_per_minute: 30,
      max_concurrency: 2,
      models: ['grok-4', 'grok-imagine-1.0-video'],
      monthly_budget_ticks: 900_000 * 10 ** 10,
      expires_at: '2036-01-02T03:04:05.678Z',
    };
    const { last4, created_at, ...made } = await create(limits, '客户');
    const state = { revoked_at: null, budget_exhausted_in: null };
    expect(made).toEqual({ id: expect.stringMatching(/^key_[0-9a-f]{32}$/), name: '客户', ...limits, ...state });
    expect(last4).toBe('abcd');
    expect(Date.parse(created_at)).toBeLessThanOrEqual(Date.now());
    const secret_hash = createHash('sha256').update(`sk-${secrets}`).digest('hex');
    expect(await list(0)).toEqual({ keys: [{ ...made, secret_hash }], up_to: 1, latest: 1 });
  });

  it('are told once for each change, in the order of the changes', async () => {
    await fixture.startPool({});
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.push((await create()).id);
    const first = await list(0, 3);
    expect(first).toMatchObject({ up_to: 3, latest: 5 });
    expect((await list(first.up_to, 3)).keys.map(({ id }) => id)).toEqual(ids.slice(3));
    await update(ids[1] ?? '', { requests_per_minute: 7 });
    await revoke(ids[0] ?? '');
    const changed = await list(5);
    expect(changed).toMatchObject({ up_to: 7, latest: 7 });
    expect(changed.keys).toMatchObject([
      { id: ids[1], requests_per_minute: 7, revoked_at: null },
      { id: ids[0], requests_per_minute: null, revoked_at: expect.any(String) },
    ]);
    expect(await list(7)).toEqual({ keys: [], up_to: 7, latest: 7 });
  });

  it('are missed by no reader that goes on from where it was, while two processes make them', async () => {
    await Promise.all([fixture.startPool({}), fixture.startPool({})]);
    let making = true;
    const made = Promise.all(Array.from({ length: 60 }, () => create())).finally(() => {
      making = false;
    });
    const seen: string[] = [];
    for (let known = 0, done = false; !done; ) {
      done = !making;
      const page = await list(known, 7);
      seen.push(...page.keys.map(({ id }) => id));
      if (page.up_to < page.latest) done = false;
      known = page.up_to;
    }
    expect(seen.toSorted()).toEqual((await made).map(({ id }) => id).toSorted());
  });

  it('are changed and revoked by id, as often as one likes; another id is answered with nothing', async () => {
    await fixture.startPool({});
    const { id } = await create({ requests_per_minute: 5, models: ['grok-4'] });
    expect((await update(id, { models: null })).key).toMatchObject({ requests_per_minute: 5, models: null });
    const revoked = (await revoke(id)).key;
    expect((await revoke(id)).key).toEqual(revoked);
    expect(await update('key_0', { requests_per_minute: 1 })).toEqual({ key: null });
    expect(await revoke('key_0')).toEqual({ key: null });
  });

  it('are listed for the administrator in pages, the newest first, revoked ones too', async () => {
    await fixture.startPool({});
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.unshift((await create()).id);
    await revoke(ids[2] ?? '');
    const seen: string[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const request = { limit: 2, ...(cursor === undefined ? {} : { cursor }) };
      const page = await fixture.bus.call(listClientKeyEntries, request, CALL);
      if (page.status !== 'ok') throw new Error(page.status);
      seen.push(...page.keys.map(({ id }) => id));
      cursor = page.next_cursor;
    }
    expect(seen).toEqual(ids);
    const bad = { limit: 2, cursor: 'nonsense' };
    expect(await fixture.bus.call(listClientKeyEntries, bad, CALL)).toEqual({ status: 'bad_cursor' });
  });
});

describe('requests a minute', () => {
  it('are admitted exactly as many as the limit, over two processes and many asks at once', async () => {
    await Promise.all([fixture.startPool({}), fixture.startPool({})]);
    const { id } = await create({ requests_per_minute: 59 });
    const replies = await Promise.all(Array.from({ length: 40 }, (_, i) => admit(id, 1 + (i % 3))));
    expect(replies.reduce((sum, { admitted }) => sum + admitted, 0)).toBe(59);
    const refused = await admit(id, 1);
    expect(refused).toMatchObject({ admitted: 0, remaining: 0 });
    expect(refused.retry_after_ms).toBeGreaterThan(30_000);
    expect(refused.reset_ms).toBeLessThanOrEqual(60_000);
  });

  it('follow a limit that is changed', async () => {
    await fixture.startPool({});
    const { id } = await create({ requests_per_minute: 1 });
    expect(await admit(id, 5)).toMatchObject({ admitted: 1, remaining: 0 });
    await update(id, { requests_per_minute: 3 });
    expect(await admit(id, 1)).toMatchObject({ admitted: 1, remaining: 1, retry_after_ms: 0 });
    await update(id, { requests_per_minute: null });
    expect(await admit(id, 1000)).toMatchObject({ admitted: 1000 });
  });
});

describe('requests in progress', () => {
  it('are as many as the limit over all gateways, whoever asks when', async () => {
    await Promise.all([fixture.startPool({}), fixture.startPool({})]);
    const { id } = await create({ max_concurrency: 7 });
    const held = await Promise.all(Array.from({ length: 20 }, (_, i) => hold(id, `gateway-${i}`, 2)));
    expect(held.reduce((sum, slots) => sum + slots, 0)).toBe(7);
  });

  it('are told anew by each gateway, and given back with 0', async () => {
    await fixture.startPool({});
    const { id } = await create({ max_concurrency: 5 });
    expect(await hold(id, 'a', 4)).toBe(4);
    expect(await hold(id, 'b', 4)).toBe(1);
    expect(await hold(id, 'a', 2)).toBe(2);
    expect(await hold(id, 'b', 4)).toBe(3);
    expect(await hold(id, 'a', 0)).toBe(0);
    expect(await hold(id, 'b', 9)).toBe(5);
  });

  it('of a gateway that went silent end by the clock', async () => {
    await fixture.startPool({});
    const { id } = await create({ max_concurrency: 1 });
    expect(await hold(id, 'a', 1)).toBe(1);
    expect(await hold(id, 'b', 1)).toBe(0);
    await fixture.database.$executeRaw`UPDATE pool.request_slots SET expires_at = clock_timestamp()`;
    expect(await hold(id, 'b', 1)).toBe(1);
  });
});
