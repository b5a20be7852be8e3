import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextAttemptAge } from '../src/schedule.js';
import { settingsSchema } from '../src/settings.js';

const S = 1_000;
const H = 3_600 * S;
const SCHEDULE = settingsSchema.shape.CALLBACK_SCHEDULE.parse(undefined);

const random = fc.double({ min: 0, max: 1, noNaN: true });
const rising = fc
  .uniqueArray(fc.nat({ max: 100 * H }), { minLength: 1, maxLength: 12 })
  .map((times) => times.sort((a, b) => a - b));

describe('the schedule', () => {
  it('is that of the documents, from the end on', () => {
    const ages: number[] = [0];
    // Each attempt fails at once.
    for (let age: number | undefined = 0; age !== undefined; ) {
      age = nextAttemptAge(SCHEDULE, age, () => 0);
      if (age !== undefined) ages.push(age);
    }
    expect(ages).toEqual([0, 5 * S, 30 * S, 120 * S, 600 * S, 1800 * S, 2 * H, 6 * H, 12 * H, 24 * H]);
  });

  it('does not make up for times that passed meanwhile', () => {
    expect(nextAttemptAge(SCHEDULE, 15 * S, () => 0)).toBe(30 * S);
    expect(nextAttemptAge(SCHEDULE, 7 * H, () => 0)).toBe(12 * H);
    expect(nextAttemptAge(SCHEDULE, 24 * H, () => 0)).toBeUndefined();
    expect(nextAttemptAge(SCHEDULE, 300 * H, () => 0)).toBeUndefined();
  });

  it('puts off by a fifth of the gap, and by a minute at most', () => {
    expect(nextAttemptAge(SCHEDULE, 0, () => 1)).toBe(6 * S);
    expect(nextAttemptAge(SCHEDULE, 6 * S, () => 1)).toBe(35 * S);
    expect(nextAttemptAge(SCHEDULE, 13 * H, () => 1)).toBe(24 * H + 60 * S);
  });

  it('goes on to its end, never back, and never early', () => {
    fc.assert(
      fc.property(rising, fc.nat({ max: 120 * H }), random, (schedule, age, chance) => {
        const next = nextAttemptAge(schedule, age, () => chance);
        const last = schedule.at(-1) ?? 0;
        if (age >= last) return next === undefined;
        const due = schedule.filter((at) => at > age)[0] ?? 0;
        return next !== undefined && next >= due && next > age && next <= due + 60 * S;
      }),
    );
  });
});
