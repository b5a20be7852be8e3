import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = join(fileURLToPath(import.meta.url), '../../..');
const FOLDERS = ['packages/task-store/prisma/migrations', 'services/token-pool/prisma/migrations'];
/** What a version that runs beside this one may still read, or leaves out when it writes. */
const BREAKS: [what: string, pattern: RegExp][] = [
  ['removes a table', /\bDROP\s+TABLE\b/i],
  ['removes a column', /\bDROP\s+COLUMN\b/i],
  ['renames', /\bRENAME\b/i],
  ['changes a type', /\bALTER\s+COLUMN\s+\S+\s+(?:SET\s+DATA\s+)?TYPE\b/i],
  ['makes mandatory', /\bSET\s+NOT\s+NULL\b/i],
  ['adds a column that old writers leave out', /\bADD\s+COLUMN\b(?![^,;]*\bDEFAULT\b)[^,;]*\bNOT\s+NULL\b/i],
  ['adds a condition that old writers may not keep', /\bADD\s+CONSTRAINT\b(?![^;]*\b(?:PRIMARY|FOREIGN)\s+KEY\b)/i],
];
/** The comment of a migration that contracts: what the version before this one has stopped using. */
const CONTRACT = /^-- contract: \S.+, unused since \S+/m;

/** What of a migration the version before cannot live with. */
function faultsOf(sql: string): string[] {
  if (CONTRACT.test(sql)) return [];
  // A table that is new is used by nobody else.
  const onOldTables = sql
    .replaceAll(/--.*$/gm, '')
    .split(';')
    .filter((statement) => !/\bCREATE\s+TABLE\b/i.test(statement));
  return BREAKS.filter(([, pattern]) => onOldTables.some((statement) => pattern.test(statement))).map(([what]) => what);
}

const migrations = FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => `${folder}/${entry.name}`)
    .sort()
    // The first ones make the tables.
    .slice(1),
);

describe('a migration', () => {
  it.each(migrations)('%s leaves the version before working', (migration) => {
    expect(faultsOf(readFileSync(join(ROOT, migration, 'migration.sql'), 'utf8'))).toEqual([]);
  });

  it.each([
    ['ALTER TABLE "tasks" DROP COLUMN "owner";', ['removes a column']],
    ['DROP TABLE tasks;', ['removes a table']],
    ['ALTER TABLE "tasks" RENAME COLUMN a TO b;', ['renames']],
    ['ALTER TABLE "tasks" ALTER COLUMN "a" SET DATA TYPE BIGINT;', ['changes a type']],
    ['ALTER TABLE "tasks" ALTER COLUMN "a" SET NOT NULL;', ['makes mandatory']],
    ['ALTER TABLE "tasks" ADD COLUMN "a" TEXT NOT NULL;', ['adds a column that old writers leave out']],
    ['ALTER TABLE "tasks" ADD COLUMN "a" TEXT, ADD COLUMN "b" INTEGER NOT NULL DEFAULT 0;', []],
    ['ALTER TABLE "tasks" ADD CONSTRAINT "c" CHECK (a > 0);', ['adds a condition that old writers may not keep']],
    ['-- contract: tasks.owner, unused since 0.2.0\nALTER TABLE "tasks" DROP COLUMN "owner";', []],
    ['CREATE TABLE "x" ("a" TEXT NOT NULL);\nDROP INDEX "y"; -- DROP TABLE tasks', []],
  ])('is judged: %s', (sql, faults) => {
    expect(faultsOf(sql)).toEqual(faults);
  });
});
