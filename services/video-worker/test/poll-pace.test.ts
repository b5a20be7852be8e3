import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PollPace } from '../src/poll-pace.js';

describe('the pace of polling', () => {
  it('is about a second, whatever the progress', () => {
    const poll = fc.record({
      progress: fc.option(fc.integer({ min: 0, max: 100 }), { nil: undefined }),
      waited: fc.nat(5_000),
    });
    fc.assert(
      fc.property(fc.array(poll), fc.double({ min: 0, max: 1, noNaN: true }), (polls, random) => {
        const pace = new PollPace(() => random);
        let now = 0;
        for (const { progress, waited } of polls) {
          now += waited;
          const wait = pace.next(progress, now);
          expect(wait).toBeGreaterThanOrEqual(250);
          expect(wait).toBeLessThanOrEqual(1_300);
        }
      }),
    );
  });

  it('meets the expected end once, then goes back to about a second', () => {
    const pace = new PollPace(() => 0.5);
    expect(pace.next(10, 1_000)).toBe(1_000);
    expect(pace.next(50, 5_000)).toBe(1_000);
    expect(pace.next(95, 9_500)).toBeCloseTo(600);
    expect(pace.next(99, 10_100)).toBe(1_000);
  });
});
