import { expect, it } from 'vitest';
import { slopePerMinute } from './slope.js';

const minute = (nth: number, value: number) => ({ at: 1_000_000 + nth * 60_000, value });

it('is what a line rises by, whatever goes up and down around it', () => {
  expect(slopePerMinute([minute(0, 5), minute(1, 7), minute(2, 9)])).toBeCloseTo(2);
  expect(slopePerMinute([minute(0, 5), minute(1, 5), minute(2, 5)])).toBe(0);
  expect(slopePerMinute([minute(0, 9), minute(2, 3)])).toBeCloseTo(-3);
  const saw = Array.from({ length: 60 }, (_, nth) => minute(nth / 10, 100 + (nth % 2 === 0 ? 20 : -20)));
  expect(Math.abs(slopePerMinute(saw))).toBeLessThan(1);
});

it('is 0 of nothing, and of one', () => {
  expect(slopePerMinute([])).toBe(0);
  expect(slopePerMinute([minute(0, 5)])).toBe(0);
});
