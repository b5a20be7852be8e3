import fc from 'fast-check';
import { TASK_KINDS, type TaskKind } from '../../packages/contracts/src/task.js';

/** One thing that happens. Numbers that name somebody or something are taken modulo how many there are. */
export type Move =
  /** A worker goes on, by one step for each luck. */
  | { move: 'step'; worker: number; luck: number[] }
  /** All workers go on by one step at the very same time, the first one with the first luck. */
  | { move: 'all step'; luck: number[] }
  | { move: 'time passes'; ms: number }
  /** A worker is gone, or stands still, and then time passes. */
  | { move: 'kill' | 'freeze'; worker: number; ms: number }
  | { move: 'thaw' | 'terminate'; worker: number }
  | { move: 'create'; owner: number; model: number; luck: number }
  /** A client that creates the same task once more. */
  | { move: 'create again'; task: number; luck: number }
  | { move: 'cancel' | 'delete'; task: number; told: boolean }
  | { move: 'reconcile' }
  | { move: 'wake-ups are delivered again'; count: number }
  | { move: 'wake-ups are lost' }
  | { move: 'the database restarts' };

export interface Plan {
  /** What all tasks of the run make. */
  kind: TaskKind;
  workers: number;
  owners: number;
  /** Tasks of one owner that may be worked on at a time; 0 is no limit. */
  ownerMaxRunning: number;
  moves: Move[];
}

const luck = fc.nat(99);
const worker = fc.nat(3);
const task = fc.nat(19);
// Seconds, a claim's life and more, up to past a job's deadline.
const ms = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 100, max: 6_000 }) },
  { weight: 8, arbitrary: fc.integer({ min: 10_000, max: 20_000 }) },
  { weight: 1, arbitrary: fc.constantFrom(70_000, 250_000, 610_000) },
);

// Nothing, or more than a claim lives.
const pastClaim = fc.constantFrom(0, 16_000);

const someSteps = fc.record({
  move: fc.constant('step' as const),
  worker,
  luck: fc.array(luck, { minLength: 1, maxLength: 6 }),
});
const allStep = fc.record({
  move: fc.constant('all step' as const),
  luck: fc.array(luck, { minLength: 4, maxLength: 4 }),
});

function moveArbitrary(step: fc.Arbitrary<Move>): fc.Arbitrary<Move> {
  return fc.oneof(
    { weight: 60, arbitrary: step },
    { weight: 10, arbitrary: fc.record({ move: fc.constant('time passes' as const), ms }) },
    {
      weight: 8,
      arbitrary: fc.record({ move: fc.constant('create' as const), owner: fc.nat(2), model: fc.nat(1), luck }),
    },
    { weight: 1, arbitrary: fc.record({ move: fc.constant('create again' as const), task, luck }) },
    { weight: 8, arbitrary: fc.record({ move: fc.constantFrom('kill', 'freeze'), worker, ms: pastClaim }) },
    { weight: 8, arbitrary: fc.record({ move: fc.constantFrom('thaw', 'thaw', 'thaw', 'terminate'), worker }) },
    { weight: 2, arbitrary: fc.record({ move: fc.constantFrom('cancel', 'delete'), task, told: fc.boolean() }) },
    { weight: 3, arbitrary: fc.record({ move: fc.constant('reconcile' as const) }) },
    {
      weight: 2,
      arbitrary: fc.record({ move: fc.constant('wake-ups are delivered again' as const), count: fc.nat(5) }),
    },
    { weight: 1, arbitrary: fc.record({ move: fc.constant('wake-ups are lost' as const) }) },
    { weight: 2, arbitrary: fc.record({ move: fc.constant('the database restarts' as const) }) },
  );
}

function planArbitrary(step: fc.Arbitrary<Move>): fc.Arbitrary<Plan> {
  return fc.record({
    kind: fc.constantFrom(...TASK_KINDS),
    workers: fc.integer({ min: 2, max: 4 }),
    owners: fc.integer({ min: 1, max: 3 }),
    ownerMaxRunning: fc.constantFrom(0, 0, 1, 2),
    moves: fc.array(moveArbitrary(step), { minLength: 1, maxLength: 120, size: 'max' }),
  });
}

/** One statement after the other: the same plan is always the same run. */
export const interleavedPlan = planArbitrary(someSteps);

/** Steps of all workers at once: the database decides who comes first. */
export const concurrentPlan = planArbitrary(allStep);
