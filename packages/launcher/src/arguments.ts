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
      allowPositionals: false,
    }).values;
  } catch (cause) {
    const unknown = argv.find((argument) => !/^(--help|-h|--video-workers(=.*)?)$/.test(argument));
    throw new LaunchError(
      `The command line cannot be read near "${unknown ?? argv.at(-1)}": try npm start -- --help.`,
      {
        cause,
      },
    );
  }
}

function workerCount(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= MAX_VIDEO_WORKERS) return count;
  throw new LaunchError(`--video-workers must be a whole number from 1 to ${MAX_VIDEO_WORKERS}, not "${text}".`);
}
