import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { processIdentity } from './process-identity.js';

/** A process that was started and may have to be ended by another than its parent. */
export const runningProcess = z.object({
  name: z.string(),
  pid: z.int().positive(),
  /** Says whether the pid still is this process: see `processIdentity`. */
  identity: z.string(),
  /** The signal that asks it to stop. */
  stopSignal: z.enum(['SIGTERM', 'SIGINT']),
  /** Whether it stops by itself when its parent is gone. */
  leavesByItself: z.boolean(),
});
export type RunningProcess = z.infer<typeof runningProcess>;

/** Is told which processes run. */
export interface ProcessRegister {
  started(process: RunningProcess): void;
  ended(process: RunningProcess): void;
}

const LOOK_EVERY_MS = 50;
const LEAVING_MS = 2000;
const STOPPING_MS = 10_000;
const KILLED_MS = 2000;

/** Whether it still runs. */
export function stillRuns({ pid, identity }: RunningProcess): boolean {
  return processIdentity(pid) === identity;
}

// Sends a signal, unless the process is gone and its pid perhaps another's.
function signalIfRunning(target: RunningProcess, signal: NodeJS.Signals): void {
  if (!stillRuns(target)) return;
  try {
    process.kill(target.pid, signal);
  } catch (err) {
    // It may have ended between the look and the signal.
    if (!(err instanceof Error && 'code' in err && err.code === 'ESRCH')) throw err;
  }
}

// Waits until none of them runs any more, or the time is up.
async function allGone(processes: readonly RunningProcess[], timeoutMs: number): Promise<void> {
  for (let waited = 0; processes.some(stillRuns); waited += LOOK_EVERY_MS) {
    if (waited >= timeoutMs) return;
    await sleep(LOOK_EVERY_MS);
  }
}

/**
 * Ends the processes of a launcher that is dead. Services stop by themselves when it is gone, and want their
 * servers while they do; so the servers are asked after them, and what then still runs is killed.
 */
export async function endOrphans(orphans: readonly RunningProcess[]): Promise<void> {
  const services = orphans.filter(({ leavesByItself }) => leavesByItself);
  const servers = orphans.filter(({ leavesByItself }) => !leavesByItself);
  await allGone(services, LEAVING_MS);
  for (const server of servers) signalIfRunning(server, server.stopSignal);
  await allGone(servers, STOPPING_MS);
  for (const left of orphans) signalIfRunning(left, 'SIGKILL');
  await allGone(orphans, KILLED_MS);
}
