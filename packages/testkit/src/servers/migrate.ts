import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { MIGRATIONS } from '@grok2api/launcher';
import { ROOT } from '../root.js';

/** Makes the tables of every service in a database, as a deployment does. */
export async function migrate(databaseUrl: string): Promise<void> {
  for (const program of MIGRATIONS) {
    const env = { PATH: process.env.PATH, DATABASE_URL: databaseUrl };
    await promisify(execFile)(process.execPath, [join(ROOT, program)], { cwd: ROOT, env });
  }
}
