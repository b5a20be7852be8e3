import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect } from 'vitest';
import type { RecordedEvent } from './events.js';

/**
 * Writes a record as JSON lines, in the order of time, into `FAULTS_RECORDS`, or where temporary files are.
 * @returns the path of the file
 */
export function keepRecord(record: readonly RecordedEvent[]): string {
  const directory = process.env.FAULTS_RECORDS || tmpdir();
  mkdirSync(directory, { recursive: true });
  const test = basename(expect.getState().testPath ?? 'record', '.test.ts');
  const path = join(directory, `${test}-${process.pid}-${Date.now()}.jsonl`);
  const lines = record.toSorted((one, other) => one.at - other.at).map((event) => JSON.stringify(event));
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}
