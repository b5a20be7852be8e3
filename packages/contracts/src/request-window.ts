/** Requests that were admitted together: when, in ms, and how many. */
export type WindowEntry = readonly [at: number, count: number];

/** Length of the window that a limit of requests a minute counts in. */
export const WINDOW_MS = 60_000;

/** What a window says to some requests. */
export interface Admission {
  /** As many of the wanted ones as were left. */
  admitted: number;
  /** How many more would be admitted at once. */
  remaining: number;
  /** Until one more will be admitted, in ms; 0 when one would be now. */
  retryAfterMs: number;
  /** Until nothing is counted any more, in ms. */
  resetMs: number;
  /** What is to be remembered: the entries that still count, oldest first. */
  entries: WindowEntry[];
}

/**
 * Admits requests so that no 60 s, wherever they begin, see more than `limit` of them.
 * @param entries what the admission before returned
 * @param now in ms, not before the last entry's time
 */
export function admit(entries: readonly WindowEntry[], limit: number, wanted: number, now: number): Admission {
  const counted = entries.filter(([at]) => at > now - WINDOW_MS);
  const used = counted.reduce((sum, [, count]) => sum + count, 0);
  const admitted = Math.max(0, Math.min(wanted, limit - used));
  const next: WindowEntry[] = admitted > 0 ? [...counted, [now, admitted]] : counted;
  const remaining = Math.max(0, limit - used - admitted);
  return {
    admitted,
    remaining,
    retryAfterMs: remaining > 0 ? 0 : untilFree(next, used + admitted - limit, now),
    resetMs: msUntilOut(next.at(-1), now),
    entries: next,
  };
}

/** How long until so many entries are out of the window that the limit leaves room for one more. */
function untilFree(entries: readonly WindowEntry[], over: number, now: number): number {
  let out = 0;
  for (const entry of entries) {
    out += entry[1];
    if (out > over) return msUntilOut(entry, now);
  }
  return WINDOW_MS;
}

function msUntilOut(entry: WindowEntry | undefined, now: number): number {
  return entry ? Math.max(0, Math.ceil(entry[0] + WINDOW_MS - now)) : 0;
}
