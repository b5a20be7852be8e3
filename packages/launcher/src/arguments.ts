import { parseArgs } from 'node:util';
import { LaunchError } from './launch-error.js';

/** What was asked for on the command line. */
export interface LaunchArguments {
  help: boolean;
  /** How many video-worker processes to run. */
  videoWorkers: number;
}

const MAX_VIDEO_WORKERS = 64;

/** What `--help` prints. */
export const HELP = `Usage: npm start [-- OPTIONS]

  --video-workers N   how many video-worker processes to run, 1 to ${MAX_VIDEO_WORKERS} (default 1)
  --help              this text

Settings come from the environment or from a file .env beside package.json; .env.example lists them.
`;

/**
 * Reads the command line.
 * @throws LaunchError about an argument that is unknown or wrong
 */
export function parseArguments(argv: readonly string[]): LaunchArguments {
  const { help, 'video-workers': videoWorkers } = parsed(argv);
  return { help: help ?? false, videoWorkers: workerCount(videoWorkers ?? '1') };
}

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: { help: { type: 'boolean', short: 'h' }, 'video-workers': { type: 'string' } },
    }).values;
  } catch (cause) {
    // Node's own message is one line that names the argument, with advice for programmers after the first sentence.
    const what = cause instanceof Error ? cause.message.split(/\.\s/)[0] : String(cause);
    throw new LaunchError(`${what}: npm start -- --help shows what is possible.`, { cause });
  }
}

function workerCount(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= MAX_VIDEO_WORKERS) return count;
  throw new LaunchError(`--video-workers must be a whole number from 1 to ${MAX_VIDEO_WORKERS}, not "${text}".`);
}
