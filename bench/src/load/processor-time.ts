import { readFileSync } from 'node:fs';

/** Of the clock that /proc counts in; Linux has the same on every machine. */
const TICK_MS = 10;

/** What a process and its children have used of the processors so far, in ms. A process that is gone counts nothing. */
export function processorMs(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
    const own = (Number(fields[11]) + Number(fields[12])) * TICK_MS;
    return children.reduce((sum, child) => sum + processorMs(Number(child)), own);
  } catch {
    // It ended between being named and being read.
    return 0;
  }
}
