import { basename } from 'node:path';
import { expect } from 'vitest';

/** Prints what a test measured or was begun with, also when it passes. */
export function printFigures(figures: Record<string, string | number>): void {
  const text = Object.entries(figures).map(([name, value]) => `${name} ${value}`);
  // The runner's own console would add a stack to each line.
  process.stdout.write(`[${basename(expect.getState().testPath ?? 'faults', '.test.ts')}] ${text.join(', ')}\n`);
}
