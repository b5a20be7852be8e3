import type { Outcome } from '@grok2api/contracts';
import fc from 'fast-check';

export const MODELS = ['chat', 'video'] as const;

/** What gets lost on the way. Numbers that name somebody are taken modulo how many there are. */
export type Loss = 'nothing' | 'the request' | 'the reply';

/** One thing that happens. */
export type Move =
  | { move: 'acquire'; holder: number; replica: number; models: number; slots: number; loss: Loss }
  | { move: 'begin a call'; holder: number; model: number }
  | { move: 'end a call'; holder: number; replica: number; outcome: Outcome; retryAfterMs: number; loss: Loss }
  | { move: 'look' | 'renew'; holder: number; replica: number; loss: Loss }
  | { move: 'time passes'; ms: number }
  | { move: 'kill'; holder: number }
  /** The holder does nothing, but its calls go on. */
  | { move: 'freeze' | 'thaw'; holder: number }
  | { move: 'replica starts anew' | 'replica catches up'; replica: number }
  | { move: 'events arrive' | 'events are lost' }
  | { move: 'disable' | 'enable'; credential: number }
  | { move: 'the database restarts' };

/** What several do at the very same moment. */
export interface Plan {
  /** Of each credential; 0 is no limit. */
  limits: number[];
  holders: number;
  moves: Move[][];
}

const who = fc.nat(5);
const loss = fc.constantFrom<Loss>('nothing', 'nothing', 'nothing', 'nothing', 'the request', 'the reply');
// Within a grant's life, past it, and past any rest.
const ms = fc.oneof(
  { weight: 10, arbitrary: fc.integer({ min: 1, max: 3_000 }) },
  { weight: 4, arbitrary: fc.integer({ min: 3_000, max: 12_000 }) },
  { weight: 1, arbitrary: fc.constant(70_000) },
);
const replica = who;
const holder = who;

const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record({
      move: fc.constant('acquire' as const),
      ...{ holder, replica, loss },
      models: fc.nat(2),
      slots: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 40, arbitrary: fc.record({ move: fc.constant('begin a call' as const), holder, model: fc.nat(1) }) },
  {
    weight: 22,
    arbitrary: fc.record({
      move: fc.constant('end a call' as const),
      ...{ holder, replica, loss },
      // Few are deadly, or each credential would be dead before anything has happened.
      outcome: fc.oneof(
        { weight: 6, arbitrary: fc.constant<Outcome>('ok') },
        { weight: 6, arbitrary: fc.constant<Outcome>('fault') },
        { weight: 3, arbitrary: fc.constantFrom<Outcome>('rate_limited', 'not_counted') },
        { weight: 2, arbitrary: fc.constantFrom<Outcome>('dead', 'no_credits', 'not_permitted') },
      ),
      retryAfterMs: fc.constantFrom(0, 0, 500, 5_000),
    }),
  },
  { weight: 12, arbitrary: fc.record({ move: fc.constantFrom('look', 'renew' as const), holder, replica, loss }) },
  { weight: 10, arbitrary: fc.record({ move: fc.constant('time passes' as const), ms }) },
  { weight: 2, arbitrary: fc.record({ move: fc.constantFrom('kill', 'freeze', 'thaw' as const), holder }) },
  {
    weight: 5,
    arbitrary: fc.record({ move: fc.constantFrom('replica starts anew', 'replica catches up' as const), replica }),
  },
  { weight: 6, arbitrary: fc.record({ move: fc.constantFrom('events arrive', 'events are lost' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({ move: fc.constantFrom('disable', 'enable', 'enable' as const), credential: who }),
  },
  { weight: 1, arbitrary: fc.record({ move: fc.constant('the database restarts' as const) }) },
);

function planArbitrary(atOnce: fc.Arbitrary<Move[]>, maxLength: number): fc.Arbitrary<Plan> {
  return fc.record({
    limits: fc.array(fc.constantFrom(0, 1, 2, 3), { minLength: 2, maxLength: 4 }),
    holders: fc.integer({ min: 2, max: 3 }),
    moves: fc.array(atOnce, { minLength: maxLength / 3, maxLength, size: 'max' }),
  });
}

/** One move after the other: the same plan is always the same run. */
export const interleavedPlan = planArbitrary(
  move.map((each) => [each]),
  240,
);

/** Several at once: the database decides who comes first. */
export const concurrentPlan = planArbitrary(fc.array(move, { minLength: 1, maxLength: 5 }), 120);
