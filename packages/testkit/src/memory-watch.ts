import { readFileSync } from 'node:fs';

/** The memory a process has in RAM now, in megabytes (Linux). */
export function residentMb(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kilobytes === undefined) throw new Error(`process ${pid} shows no memory`);
  return Math.round(Number(kilobytes) / 1024);
}

/** Looks at the memory of processes until it is stopped, and keeps the most of each. */
export class MemoryWatch {
  readonly #before: Map<number, number>;
  readonly #most: Map<number, number>;
  readonly #timer: NodeJS.Timeout;

  constructor(pids: readonly number[]) {
    this.#before = new Map(pids.map((pid) => [pid, residentMb(pid)]));
    this.#most = new Map(this.#before);
    this.#timer = setInterval(() => {
      for (const [pid, most] of this.#most) this.#most.set(pid, Math.max(most, residentMb(pid)));
    }, 200);
  }

  /** What each process had in the beginning, and by how much it grew at most, in megabytes. */
  stop(): { before: number; growth: number }[] {
    clearInterval(this.#timer);
    return [...this.#before].map(([pid, before]) => ({ before, growth: (this.#most.get(pid) ?? before) - before }));
  }
}
