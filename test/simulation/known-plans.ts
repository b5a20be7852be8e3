import type { Move, Plan } from './moves.js';

const steps = (worker: number, count: number): Move => ({
  move: 'step',
  worker,
  luck: Array.from({ length: count }, () => 0),
});
const create: Move = { move: 'create', owner: 0, model: 0, luck: 0 };

/**
 * A worker stands still with a task that it has not begun, for longer than its claim lives. A second worker may not
 * take over yet, because the database was away, and wants another task of the same owner. Then the first one goes on.
 */
const lateBelowTheLimit: Plan = {
  kind: 'video',
  workers: 2,
  owners: 1,
  ownerMaxRunning: 1,
  moves: [
    create,
    create,
    steps(0, 5),
    { move: 'freeze', worker: 0, ms: 20_000 },
    { move: 'the database restarts' },
    steps(1, 2),
    { move: 'time passes', ms: 6_000 },
    steps(1, 7),
    { move: 'thaw', worker: 0 },
    steps(0, 6),
  ],
};

/**
 * The same where the second worker may take over, but has a grant for the other task's model alone: the first one
 * finds its place taken.
 */
const lateAfterItsPlaceWasTaken: Plan = {
  kind: 'video',
  workers: 2,
  owners: 1,
  ownerMaxRunning: 1,
  moves: [
    { move: 'create', owner: 0, model: 1, luck: 0 },
    create,
    steps(0, 5),
    { move: 'freeze', worker: 0, ms: 20_000 },
    { move: 'step', worker: 1, luck: [0, 0, 0, 7, 0, 0] },
    { move: 'thaw', worker: 0 },
    steps(0, 6),
  ],
};

/** Plans that chance seldom comes upon. */
export const KNOWN_PLANS: readonly [Plan][] = [[lateBelowTheLimit], [lateAfterItsPlaceWasTaken]];
