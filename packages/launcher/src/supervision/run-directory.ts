import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LaunchError } from '../launch-error.js';
import { processIdentity } from './process-identity.js';
import { endOrphans, type ProcessRegister, type RunningProcess, runningProcess, stillRuns } from './running-process.js';

const LAUNCHER = 'launcher';

/**
 * The directory with a file `NAME.pid` for each process that runs. Beside it, `NAME.json` says which run of the
 * pid is meant and how to end it, for a launcher that comes after one that was killed.
 */
export class RunDirectory implements ProcessRegister {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
    mkdirSync(path, { recursive: true, mode: 0o700 });
  }

  /** Writes the files of a process that has just been started. */
  started(entry: RunningProcess): void {
    writeFileSync(this.#file(entry.name, 'json'), JSON.stringify(entry));
    writeFileSync(this.#file(entry.name, 'pid'), `${entry.pid}\n`);
  }

  /** Removes the files of a process that has ended, unless they are another run's by now. */
  ended(entry: RunningProcess): void {
    if (this.#read(entry.name)?.identity === entry.identity) this.#remove(entry.name);
  }

  /**
   * Makes this process the only launcher that uses the directory, until `release`.
   * @throws LaunchError when another one that lives does
   */
  claim(): void {
    const owner = this.#read(LAUNCHER);
    if (owner && owner.pid !== process.pid && stillRuns(owner)) throw inUse(`pid ${owner.pid}`);
    this.#remove(LAUNCHER);
    try {
      // Of two that come here at the same time, one finds the file.
      writeFileSync(this.#file(LAUNCHER, 'pid'), `${process.pid}\n`, { flag: 'wx' });
    } catch (err) {
      if (err instanceof Error && 'code' in err && err.code === 'EEXIST') throw inUse('just started');
      throw err;
    }
    this.started({
      name: LAUNCHER,
      pid: process.pid,
      identity: processIdentity(process.pid) ?? '',
      stopSignal: 'SIGTERM',
      leavesByItself: true,
    });
  }

  /** Gives the directory up. */
  release(): void {
    if (this.#read(LAUNCHER)?.pid === process.pid) this.#remove(LAUNCHER);
  }

  /** Ends what a launcher that was killed left running. Resolves to the names. */
  async endLeftovers(): Promise<string[]> {
    const names = readdirSync(this.#path)
      .filter((file) => file.endsWith('.pid'))
      .map((file) => file.slice(0, -'.pid'.length))
      .filter((name) => name !== LAUNCHER);
    const leftovers = names.map((name) => this.#read(name)).filter((entry) => entry && stillRuns(entry));
    const running = leftovers.filter((entry) => entry !== undefined);
    await endOrphans(running);
    for (const name of names) this.#remove(name);
    return running.map(({ name }) => name);
  }

  #read(name: string): RunningProcess | undefined {
    try {
      return runningProcess.parse(JSON.parse(readFileSync(this.#file(name, 'json'), 'utf8')));
    } catch {
      // Absent, or cut off by a crash while it was written: then nobody knows whose the pid is.
      return undefined;
    }
  }

  #remove(name: string): void {
    for (const kind of ['pid', 'json'] as const) rmSync(this.#file(name, kind), { force: true });
  }

  #file(name: string, kind: 'pid' | 'json'): string {
    return join(this.#path, `${name}.${kind}`);
  }
}

function inUse(who: string): LaunchError {
  return new LaunchError(
    `Another npm start (${who}) uses this data directory: stop it, or choose another DATA_DIR and PORT.`,
  );
}
