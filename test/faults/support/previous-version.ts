import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { printFigures } from './figures.js';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const run = promisify(execFile);
const git = async (...args: string[]) => (await run('git', args, { cwd: ROOT })).stdout.trim();

/**
 * A build of the version before this one: `FAULTS_PREVIOUS`, a directory in which it is built, or else the last commit
 * whose database had one migration less, built aside, so that something is migrated.
 * @returns its directory
 */
export async function previousVersion(): Promise<string> {
  const given = process.env.FAULTS_PREVIOUS;
  if (given) return given;
  const migrations = '*/prisma/migrations/*/migration.sql';
  const added = await git('log', '-1', '--no-merges', '--diff-filter=A', '--format=%H', '--', migrations);
  const commit = await git('rev-parse', `${added}^`);
  const directory = join(ROOT, '.cache', `previous-${commit.slice(0, 12)}`);
  printFigures({ 'the version before': await git('log', '-1', '--format=%h of %cs', commit) });
  if (!existsSync(directory)) await git('worktree', 'add', '--detach', directory, commit);
  await run('npm', ['run', 'build'], { cwd: directory, maxBuffer: 2 ** 26 });
  return directory;
}
