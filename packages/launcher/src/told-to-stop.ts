import { parentPid, programName } from './supervision/process-identity.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const SHELLS = ['sh', 'dash', 'bash', 'zsh'];
const SAME_KEYSTROKE_MS = 1000;
const LOOK_EVERY_MS = 1000;

/**
 * Calls `first` when the process is told to stop, `again` when it is told so once more. It is told by SIGINT,
 * SIGTERM or SIGHUP, and, run by npm, by the end of npm: then nobody is left whom Ctrl-C would reach.
 * Ctrl-C under npm comes twice at once, from the terminal and from npm, which passes it on: that counts as one.
 */
export function onToldToStop(first: (why: string) => void, again: () => void): void {
  let firstAt: number | undefined;
  const told = (why: string) => {
    if (firstAt === undefined) {
      firstAt = Date.now();
      first(why);
    } else if (Date.now() - firstAt >= SAME_KEYSTROKE_MS) {
      again();
    }
  };
  for (const name of SIGNALS) process.on(name, () => told(name));

  if (process.env.npm_lifecycle_event === undefined) return;
  const npm = pathToNpm();
  const look = setInterval(() => {
    if (npm === pathToNpm()) return;
    clearInterval(look);
    told('npm is gone');
  }, LOOK_EVERY_MS);
  look.unref();
}

// npm runs a shell, which either becomes this process or stays between the two. SIGTERM to npm ends that shell
// alone, and kill -9 npm alone: both show here.
function pathToNpm(): string {
  const parent = process.ppid;
  return SHELLS.includes(programName(parent) ?? '') ? `${parent} ${parentPid(parent)}` : `${parent}`;
}
