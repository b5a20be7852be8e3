const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const SAME_KEYSTROKE_MS = 1000;
const LOOK_EVERY_MS = 1000;

/**
 * Calls `first` when the process is told to stop, `again` when it is told so once more. It is told by SIGINT,
 * SIGTERM or SIGHUP, and, run by npm, by the death of npm: then nobody is left who could stop it.
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
  const parent = process.ppid;
  const look = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(look);
    told('npm is gone');
  }, LOOK_EVERY_MS);
  look.unref();
}
