import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestSystem } from '@grok2api/testkit';
import { onTestFailed } from 'vitest';
import { printFigures } from './figures.js';

/** Keeps the system's log in a file if the test that runs now fails: without it nobody could tell why. */
export function keepLogOnFailure(system: TestSystem): void {
  onTestFailed(() => {
    const path = join(tmpdir(), `grok2api-faults-${process.pid}-${Date.now()}.log`);
    const lines = system.logLines().map((line) => JSON.stringify(line));
    writeFileSync(path, lines.join('\n'));
    printFigures({ 'log of the failed test': path });
  });
}
