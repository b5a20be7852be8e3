import { afterAll, beforeAll, expect, it } from 'vitest';
import { PoolStorm } from './pool-storm.js';

const LIMIT = 3;
const MS = 8_000;

let storm: PoolStorm;
beforeAll(async () => {
  storm = await PoolStorm.start({ keys: 4, limit: LIMIT, lanes: 18, random: Math.random });
});
afterAll(() => storm?.stop());

it('no key has more calls at a time than its limit while a token pool is killed each second', async () => {
  const { calls, failures, kills } = await storm.run(MS);
  expect(kills).toBeGreaterThan(2);
  expect(calls).toBeGreaterThan(50);
  expect(
    [...failures.keys()].filter((name) => name !== 'NoCredentialError' && name !== 'PoolUnavailableError'),
  ).toEqual([]);
  for (const [key, highest] of await storm.simulator.client.highestConcurrency()) {
    expect([key, highest <= LIMIT]).toEqual([key, true]);
  }
  await storm.untilAllIsBack();
});
