import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

const FIRST_FIELD = 3;

/**
 * A text that only this run of the process has, or undefined when no such process lives. A pid alone does not
 * say which process it is: the system gives it to another one later.
 */
export function processIdentity(pid: number): string | undefined {
  return process.platform === 'linux' ? linuxIdentity(pid) : posixField(pid, 'lstart');
}

/** The name of the program that the process runs, or undefined when no such process lives. */
export function programName(pid: number): string | undefined {
  if (process.platform !== 'linux') {
    const path = posixField(pid, 'comm');
    return path === undefined ? undefined : basename(path);
  }
  return readIfThere(`/proc/${pid}/comm`)?.trim();
}

/** The pid of the process' parent; undefined where only asking another program would tell. */
export function parentPid(pid: number): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const parent = statFields(pid)?.[4 - FIRST_FIELD];
  return parent === undefined ? undefined : Number(parent);
}

// A zombie keeps its entry, but nothing of it runs any more. Field 22 is the start in clock ticks since boot.
function linuxIdentity(pid: number): string | undefined {
  const fields = statFields(pid);
  const [state, started] = [fields?.[3 - FIRST_FIELD], fields?.[22 - FIRST_FIELD]];
  if (state === 'Z' || state === 'X' || started === undefined) return undefined;
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${started}`;
}

// proc_pid_stat(5): the name in parentheses may hold blanks, so the count begins behind it, with field 3.
function statFields(pid: number): string[] | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // No such process; it may also end between the opening and the reading.
    return undefined;
  }
}

function posixField(pid: number, field: string): string | undefined {
  try {
    return execFileSync('ps', ['-o', `${field}=`, '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    // ps fails when it finds no such process.
    return undefined;
  }
}
