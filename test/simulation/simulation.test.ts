import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KNOWN_PLANS } from './known-plans.js';
import { concurrentPlan, interleavedPlan } from './moves.js';
import { Simulation } from './simulation.js';
import { Tally } from './tally.js';
import { VirtualDatabase } from './virtual-database.js';

/** Runs of each property; thousands before a release. */
const RUNS = Number(process.env.SIMULATION_RUNS ?? 130);
const MS_FOR_A_RUN = 3_000;
/** What has to have happened in the default number of runs, or they have proved nothing. */
const COVERED = [
  'begun tasks claimed',
  'late writes refused',
  'open tasks cancelled',
  'overdue tasks ended',
  'refusals retracted',
  'stored images found',
  'tasks handed back',
  'ended completed',
  'ended cancelled',
  'ended submit_outcome_unknown',
];

describe('whatever happens to clients, workers and the database, every promise about tasks holds', () => {
  let database: VirtualDatabase;
  beforeAll(async () => {
    database = await VirtualDatabase.start();
  });
  afterAll(() => database.stop());

  it.each([
    ['step by step', interleavedPlan, false],
    ['at the same time', concurrentPlan, true],
  ])(
    '%s',
    async (_, plans, concurrent) => {
      const tally = new Tally();
      const run = fc.asyncProperty(plans, (plan) => new Simulation(database, tally, plan).run(concurrent));
      // What runs at the same time is not the same twice, so that shrinking leads nowhere.
      await fc.assert(run, { numRuns: RUNS, unbiased: true, examples: [...KNOWN_PLANS], endOnFailure: concurrent });
      if (process.env.SIMULATION_RUNS) process.stderr.write(`${tally}\n`);
      for (const what of COVERED) expect(tally.of(what), what).toBeGreaterThan(0);
    },
    60_000 + RUNS * MS_FOR_A_RUN,
  );
});
