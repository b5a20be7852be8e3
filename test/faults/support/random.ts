import { randomInt } from 'node:crypto';
import { printFigures } from './figures.js';

/** Numbers of which each seed gives the same. */
export interface Random {
  /** From `least` up to, not including, `below`. */
  between(least: number, below: number): number;
  /** A whole number below `count`. */
  index(count: number): number;
}

/** The source of a test's randomness. Its seed is printed; `FAULTS_SEED` sets it. */
export function seededRandom(): Random {
  const seed = Number(process.env.FAULTS_SEED || randomInt(2 ** 31));
  if (!Number.isInteger(seed)) throw new Error('FAULTS_SEED must be a whole number');
  printFigures({ seed });
  const next = mulberry32(seed);
  return {
    between: (least, below) => least + next() * (below - least),
    index: (count) => Math.floor(next() * count),
  };
}

// https://gist.github.com/tommyettinger/46a874533244883189143505d203312c (public domain)
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
