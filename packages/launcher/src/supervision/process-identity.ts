import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

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

// proc_pid_stat(5): the name in parentheses may hold blanks; after it come the state (field 3) and, as field 22,
// the start in clock ticks since boot. A zombie keeps its entry, but nothing of it runs any more.
function linuxIdentity(pid: number): string | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, started] = [fields[0], fields[22 - 3]];
  if (state === 'Z' || state === 'X' || started === undefined) return undefined;
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${started}`;
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
