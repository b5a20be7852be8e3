import { join } from 'node:path';
import type { Logger } from '@grok2api/service-kit';
import { LaunchError } from './launch-error.js';
import type { LogOutput } from './logs/log-output.js';
import { ServiceLines } from './logs/service-lines.js';
import { runCommand } from './run-command.js';
import { settled } from './settled.js';

/** What a migration program is run with. */
export interface MigrateOptions {
  root: string;
  /** With `DATABASE_URL`. */
  env: NodeJS.ProcessEnv;
  output: LogOutput;
  log: Logger;
  signal: AbortSignal;
}

/**
 * Runs the programs that bring the database up to date, at the same time: each has a schema of its own, and waits
 * where it has to.
 * @throws LaunchError when one of them fails
 */
export async function migrate(programs: readonly string[], options: MigrateOptions): Promise<void> {
  const { root, env, output, log, signal } = options;
  const runs = programs.map(async (program) => {
    const lines = new ServiceLines(output, log);
    const result = await runCommand(process.execPath, [join(root, program)], {
      cwd: root,
      env,
      signal,
      onLine: (line, stream) => lines.take(line, stream),
    });
    if (result.code !== 0) {
      throw new LaunchError(`The database cannot be brought up to date: ${program} failed.`, { details: result.lines });
    }
  });
  await settled(runs);
}
