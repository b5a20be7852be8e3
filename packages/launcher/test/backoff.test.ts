import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Backoff } from '../src/supervision/backoff.js';

const OPTIONS = { firstMs: 200, maxMs: 10_000, resetAfterMs: 30_000 };

test('short runs: every wait is twice the one before, up to the greatest', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: OPTIONS.resetAfterMs - 1 }), { maxLength: 30 }), (runs) => {
      const backoff = new Backoff(OPTIONS);
      runs.forEach((ranMs, index) => {
        expect(backoff.next(ranMs)).toBe(Math.min(OPTIONS.firstMs * 2 ** index, OPTIONS.maxMs));
      });
    }),
  );
});

test('after a long run the waits begin anew', () => {
  fc.assert(
    fc.property(fc.nat(20), fc.integer({ min: OPTIONS.resetAfterMs, max: 1e9 }), (shortRuns, longRun) => {
      const backoff = new Backoff(OPTIONS);
      for (let run = 0; run < shortRuns; run += 1) backoff.next(0);
      expect([backoff.next(longRun), backoff.next(0)]).toEqual([OPTIONS.firstMs, OPTIONS.firstMs * 2]);
    }),
  );
});
