import { randomUUID } from 'node:crypto';
import { addCredentials, credentialOf, deleteCredential } from '@grok2api/contracts';
import { createLogger } from '@grok2api/service-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Sweep } from '../src/sweep.js';
import { isBudgetExhausted, monthOf } from '../src/usage/budgets.js';
import { UsageStore } from '../src/usage/usage-store.js';
import { CALL, Fixture, VIDEO } from './fixture.js';

const log = createLogger({ service: 'test', instance: 'test', level: 'silent' });
const DAY_MS = 86_400_000;
const SECRET = 'xai-secret-to-be-deleted';
let fixture: Fixture;
let sweep: Sweep;

beforeAll(async () => {
  fixture = await Fixture.start();
  sweep = new Sweep(fixture.database, new UsageStore(fixture.database), log);
  await fixture.startPool({});
});

afterAll(() => fixture.destroy());

describe('a deleted credential', () => {
  it('begins nothing, polls what it began, and goes with its secret after eight days', async () => {
    const { results } = await fixture.bus.call(addCredentials, { credentials: [{ secret: SECRET }] }, CALL);
    const credential_id = results[0]?.id ?? '';
    expect((await fixture.grant([VIDEO])).credential.id).toBe(credential_id);
    await fixture.bus.call(deleteCredential, { credential_id }, CALL);
    expect(await fixture.acquire([VIDEO])).toMatchObject({ status: 'none', reason: 'no_credential' });
    const secretOf = async () => (await fixture.bus.call(credentialOf, { credential_id }, CALL)).credential?.secret;
    const deletedBefore = (days: number) =>
      fixture.database.credential.update({
        where: { id: credential_id },
        data: { deletedAt: new Date(Date.now() - days * DAY_MS) },
      });
    await deletedBefore(7.9);
    await sweep.run();
    expect(await secretOf()).toBe(SECRET);
    await deletedBefore(8.1);
    await sweep.run();
    expect(await secretOf()).toBeUndefined();
    expect(await fixture.database.credential.count()).toBe(0);
  });
});

describe('a counted batch of usage', () => {
  it('is remembered for two days', async () => {
    const { usageBatch } = fixture.database;
    const [old, recent] = [randomUUID(), randomUUID()];
    const before = (days: number) => new Date(Date.now() - days * DAY_MS);
    await usageBatch.createMany({
      data: [
        { id: old, recordedAt: before(2.1) },
        { id: recent, recordedAt: before(1.9) },
      ],
    });
    await sweep.run();
    expect(await usageBatch.findMany({ select: { id: true } })).toEqual([{ id: recent }]);
  });
});

describe('a budget', () => {
  it('is used up in the month that is noted, by UTC', () => {
    const now = Date.parse('2026-11-30T23:59:59Z');
    expect(monthOf(now)).toBe('2026-11');
    expect(isBudgetExhausted({ budgetExhaustedIn: '2026-11' }, now)).toBe(true);
    expect(isBudgetExhausted({ budgetExhaustedIn: '2026-11' }, now + 1_000)).toBe(false);
    expect(isBudgetExhausted({ budgetExhaustedIn: null }, now)).toBe(false);
  });
});
