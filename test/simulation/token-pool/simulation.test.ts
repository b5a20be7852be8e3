import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Tally } from '../tally.js';
import { concurrentPlan, interleavedPlan } from './moves.js';
import { PoolDatabase } from './pool-database.js';
import { Simulation } from './simulation.js';

/** Runs of each property; thousands before a release. */
const RUNS = Number(process.env.SIMULATION_RUNS ?? 25);
const MS_FOR_A_RUN = 3_000;
/** What has to have happened in the default number of runs, or they have proved nothing. */
const COVERED = [
  'calls',
  'given back',
  'granted',
  'probes granted',
  'refused: busy',
  'refused: cooling',
  'renewed',
  'reported dead',
  'reported rate_limited',
];

describe('whatever happens to holders, token pools and the database, every promise about credentials holds', () => {
  let pool: PoolDatabase;
  beforeAll(async () => {
    pool = await PoolDatabase.start();
  });
  afterAll(() => pool.stop());

  it.each([
    ['step by step', interleavedPlan, false],
    ['at the same time', concurrentPlan, true],
  ])(
    '%s',
    async (_, plans, concurrent) => {
      const tally = new Tally();
      const run = fc.asyncProperty(plans, (plan) => new Simulation(pool, tally, plan).run());
      // What runs at the same time is not the same twice, so that shrinking leads nowhere.
      await fc.assert(run, { numRuns: RUNS, unbiased: true, endOnFailure: concurrent });
      if (process.env.SIMULATION_RUNS) process.stderr.write(`${tally}\n`);
      for (const what of COVERED) expect(tally.of(what), what).toBeGreaterThan(0);
    },
    60_000 + RUNS * MS_FOR_A_RUN,
  );
});
