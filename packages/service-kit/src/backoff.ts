import { setTimeout as sleep } from 'node:timers/promises';

/** How long to wait before the nth try again (from 0), in milliseconds: doubling, at most `longestMs`, half of it jitter. */
export function backoffMs(attempt: number, firstMs: number, longestMs: number, random: () => number): number {
  const ceiling = Math.min(firstMs * 2 ** attempt, longestMs);
  return Math.round(ceiling * (0.5 + 0.5 * random()));
}

/** Waits, but not longer than until one of the signals is aborted. */
export async function pause(ms: number, ...signals: AbortSignal[]): Promise<void> {
  await sleep(ms, undefined, { signal: AbortSignal.any(signals) }).catch(() => {
    // Aborted: the wait is over, and the caller looks at the signal.
  });
}
