import { credentialOf } from '@grok2api/contracts';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { CALL, CHAT, Fixture, VIDEO } from './fixture.js';

let fixture: Fixture;
let id: string;

beforeAll(async () => {
  fixture = await Fixture.start();
  await fixture.startPool({ XAI_API_KEY: 'xai-1' });
  id = (await fixture.grant([VIDEO])).credential.id;
});

afterEach(async () => {
  await fixture.database.credentialModel.deleteMany();
  await fixture.database.credential.updateMany({
    data: { enabled: true, disabledReason: null, disabledMessage: null },
  });
});
afterAll(() => fixture.destroy());

function model(name: string) {
  return fixture.database.credentialModel.findUnique({
    where: { credentialId_model: { credentialId: id, model: name } },
  });
}

function rateLimit(retryAfterMs?: number): Promise<void> {
  const retry = retryAfterMs === undefined ? {} : { retry_after_ms: retryAfterMs };
  return fixture.report({ credential_id: id, model: VIDEO, outcome: 'rate_limited', ...retry });
}

describe('a rate limit', () => {
  it('rests that model alone, for as long as the upstream says', async () => {
    await rateLimit(60_000);
    const reply = await fixture.acquire([VIDEO]);
    expect(reply).toMatchObject({ status: 'none', reason: 'cooling' });
    const left = reply.status === 'none' ? reply.retry_after_ms : 0;
    expect(left).toBeGreaterThan(30_000);
    expect(left).toBeLessThanOrEqual(60_000);
    expect((await fixture.grant([VIDEO, CHAT])).models).toEqual([CHAT]);
  });

  it('is over after its time, by the database’s clock', async () => {
    await rateLimit(60_000);
    await fixture.database.$executeRaw`
      UPDATE pool.credential_models SET cooling_until = clock_timestamp() - interval '1 millisecond'`;
    // Written by another hand: it is found within a second.
    const grant = await vi.waitFor(() => fixture.grant([VIDEO]), { timeout: 10_000 });
    expect(grant.models).toEqual([VIDEO]);
  });

  it('is not cut short by a later, shorter one', async () => {
    await rateLimit(60_000);
    const until = (await model(VIDEO))?.coolingUntil;
    await rateLimit(1_000);
    expect((await model(VIDEO))?.coolingUntil).toEqual(until);
  });

  it('without a time rests the model at most 2 s, and climbs the ladder once for a burst', async () => {
    const before = Date.now();
    // Full jitter may give next to nothing: one that is over does climb.
    await rateLimit(60_000);
    await Promise.all(Array.from({ length: 10 }, () => rateLimit()));
    expect(await model(VIDEO)).toMatchObject({ coolingStep: 1, lastError: 'rate_limited' });
    await fixture.database.$executeRaw`UPDATE pool.credential_models SET cooling_until = NULL, cooling_step = 0`;
    await rateLimit();
    const { coolingUntil, coolingStep } = (await model(VIDEO)) ?? {};
    expect(coolingStep).toBe(1);
    expect((coolingUntil?.getTime() ?? 0) - Date.now()).toBeLessThanOrEqual(2_000);
    expect(coolingUntil?.getTime()).toBeGreaterThan(before);
  });

  it('is forgotten by a success', async () => {
    await rateLimit(1);
    await fixture.report({ credential_id: id, model: VIDEO, outcome: 'ok' });
    expect(await model(VIDEO)).toMatchObject({ coolingStep: 0 });
  });
});

describe('a fault', () => {
  it('rests the model when it is the fifth in a row', async () => {
    const fault = () => fixture.report({ credential_id: id, model: VIDEO, outcome: 'fault', message: 'HTTP 502\0' });
    for (let i = 0; i < 4; i++) await fault();
    await fixture.report({ credential_id: id, model: VIDEO, outcome: 'ok' });
    for (let i = 0; i < 4; i++) await fault();
    expect(await model(VIDEO)).toMatchObject({ faults: 4, coolingUntil: null, lastError: 'HTTP 502' });
    await fault();
    expect(await fixture.acquire([VIDEO])).toMatchObject({ reason: 'cooling' });
  });
});

describe('a model that faults have broken', () => {
  const RULES = { BREAKER_FAULTS: '2', BREAKER_REST_MS: '300' };
  const fault = () => fixture.report({ credential_id: id, model: VIDEO, outcome: 'fault' });

  beforeAll(async () => {
    // The probe has to be a single one over all processes.
    await fixture.stopPools();
    const env = { XAI_API_KEY: 'xai-1', ...RULES };
    await Promise.all([fixture.startPool(env), fixture.startPool(env)]);
  });

  async function probe() {
    await fault();
    await fault();
    return soon(() => fixture.grant([VIDEO]));
  }

  /** The other process learns within a second that things are better. */
  const soon = <Result>(look: () => Promise<Result>) => vi.waitFor(look, { timeout: 10_000, interval: 10 });

  it('is tried by a single call after its rest, and used again once that succeeds', async () => {
    expect(await probe()).toMatchObject({ slots: 1, once: true, models: [VIDEO], watched: [VIDEO] });
    const replies = await Promise.all(Array.from({ length: 10 }, () => fixture.acquire([VIDEO])));
    for (const reply of replies) expect(reply).toMatchObject({ reason: 'cooling' });
    expect((await fixture.grant([VIDEO, CHAT])).models).toEqual([CHAT]);
    await fixture.report({ credential_id: id, model: VIDEO, outcome: 'ok' });
    await soon(async () => {
      expect(await fixture.grant([VIDEO])).toMatchObject({ once: false, models: [VIDEO], watched: [] });
    });
  });

  it('rests twice as long after a probe that fails', async () => {
    await probe();
    await fault();
    const { coolingUntil, faults, probeUntil } = (await model(VIDEO)) ?? {};
    expect({ faults, probeUntil }).toEqual({ faults: 3, probeUntil: null });
    const reply = await fixture.acquire([VIDEO]);
    expect(reply).toMatchObject({ reason: 'cooling' });
    if (reply.status === 'none') expect(reply.retry_after_ms).toBeGreaterThan(300);
    expect(coolingUntil?.getTime()).toBeGreaterThan(Date.now());
  });

  it('is tried by another call when nothing came of the probe', async () => {
    await probe();
    expect(await fixture.acquire([VIDEO])).toMatchObject({ reason: 'cooling' });
    await fixture.report({ credential_id: id, model: VIDEO, outcome: 'not_counted' });
    await soon(async () => expect(await fixture.grant([VIDEO])).toMatchObject({ once: true }));
  });

  it('is tried by many at once only once', async () => {
    await fault();
    await fault();
    await vi.waitFor(async () => expect((await model(VIDEO))?.coolingUntil?.getTime()).toBeLessThan(Date.now()));
    const replies = await Promise.all(Array.from({ length: 20 }, () => fixture.acquire([VIDEO])));
    expect(replies.filter(({ status }) => status === 'granted')).toHaveLength(1);
  });
});

describe('a key that cannot work', () => {
  it.each(['dead', 'no_credits'] as const)('is disabled: %s', async (outcome) => {
    await fixture.report({ credential_id: id, model: VIDEO, outcome, message: 'what the upstream said' });
    expect(await fixture.database.credential.findUnique({ where: { id } })).toMatchObject({
      enabled: false,
      disabledReason: outcome,
      disabledMessage: 'what the upstream said',
    });
    expect(await model(VIDEO)).toMatchObject({ lastError: 'what the upstream said' });
    expect(await fixture.acquire([CHAT])).toMatchObject({ reason: 'no_credential' });
  });

  it('still polls the jobs it began', async () => {
    await fixture.report({ credential_id: id, model: VIDEO, outcome: 'dead' });
    const { credential } = await fixture.bus.call(credentialOf, { credential_id: id }, CALL);
    expect(credential).toMatchObject({ id, secret: 'xai-1' });
  });

  it('for one model serves the others', async () => {
    await fixture.report({ credential_id: id, model: VIDEO, outcome: 'not_permitted' });
    expect(await fixture.acquire([VIDEO])).toMatchObject({ reason: 'no_credential' });
    expect((await fixture.grant([VIDEO, CHAT])).models).toEqual([CHAT]);
  });
});

describe('what is not the credential’s doing', () => {
  it('leaves no trace', async () => {
    await fixture.report({ credential_id: id, model: VIDEO, outcome: 'not_counted' });
    await fixture.report({ credential_id: id, model: VIDEO, outcome: 'ok' });
    expect(await model(VIDEO)).toBeNull();
  });
});
