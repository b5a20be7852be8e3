import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { admit, WINDOW_MS, type WindowEntry } from '../src/index.js';

const limits = fc.integer({ min: 1, max: 100 });
/** How long after the one before, and how many. */
const asks = fc.array(fc.tuple(fc.integer({ min: 0, max: 40_000 }), fc.integer({ min: 1, max: 40 })), {
  maxLength: 60,
});

/** What was admitted, and when. */
function admitAll(limit: number, sequence: readonly (readonly [number, number])[]): WindowEntry[] {
  let now = 0;
  let entries: WindowEntry[] = [];
  const admitted: WindowEntry[] = [];
  for (const [wait, wanted] of sequence) {
    now += wait;
    const admission = admit(entries, limit, wanted, now);
    entries = admission.entries;
    admitted.push([now, admission.admitted]);
  }
  return admitted;
}

function countWithin(admitted: readonly WindowEntry[], after: number, until: number): number {
  return admitted.reduce((sum, [at, count]) => (at > after && at <= until ? sum + count : sum), 0);
}

describe('admit', () => {
  it('lets no minute, wherever it begins, see more than the limit', () => {
    fc.assert(
      fc.property(limits, asks, (limit, sequence) => {
        const admitted = admitAll(limit, sequence);
        for (const [at] of admitted) expect(countWithin(admitted, at - WINDOW_MS, at)).toBeLessThanOrEqual(limit);
      }),
    );
  });

  it('refuses nobody while there is room', () => {
    fc.assert(
      fc.property(limits, asks, (limit, sequence) => {
        const admitted = admitAll(limit, sequence);
        let now = 0;
        sequence.forEach(([wait, wanted], index) => {
          now += wait;
          const before = countWithin(admitted.slice(0, index), now - WINDOW_MS, now);
          expect(admitted[index]?.[1]).toBe(Math.min(wanted, limit - before));
        });
      }),
    );
  });

  it('says to the millisecond when the next one is admitted, and when nothing counts any more', () => {
    fc.assert(
      fc.property(limits, asks, (limit, sequence) => {
        let now = 0;
        let entries: WindowEntry[] = [];
        for (const [wait, wanted] of sequence) {
          now += wait;
          const { retryAfterMs, resetMs, remaining, ...admission } = admit(entries, limit, wanted, now);
          entries = admission.entries;
          expect(admit(entries, limit, 1, now + retryAfterMs).admitted).toBe(1);
          if (retryAfterMs > 0) expect(admit(entries, limit, 1, now + retryAfterMs - 1).admitted).toBe(0);
          expect(retryAfterMs === 0).toBe(remaining > 0);
          expect(admit(entries, limit, limit, now + resetMs).admitted).toBe(limit);
        }
      }),
    );
  });

  it('keeps no more than what counts, also when the limit is lowered', () => {
    const { entries } = admit([[0, 10]], 10, 1, WINDOW_MS - 1);
    expect(entries).toEqual([[0, 10]]);
    expect(admit(entries, 5, 1, WINDOW_MS - 1)).toMatchObject({ admitted: 0, remaining: 0, retryAfterMs: 1 });
    expect(admit(entries, 5, 1, WINDOW_MS)).toMatchObject({ admitted: 1, remaining: 4, entries: [[WINDOW_MS, 1]] });
  });
});
