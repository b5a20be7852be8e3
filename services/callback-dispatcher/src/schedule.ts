/** Of the time between two attempts, what the later one is put off by at most. */
const JITTER = 0.2;
const LONGEST_JITTER_MS = 60_000;

/**
 * When a callback is attempted again, in milliseconds from the end of its task: at the next time of the schedule, and a
 * bit, so that what failed together does not come back together. Times that passed meanwhile are not made up for.
 * @param schedule times from the end, rising @param ageMs when the last attempt failed, from the end
 * @param random 0 to 1 @returns undefined when that was the last one
 */
export function nextAttemptAge(schedule: readonly number[], ageMs: number, random: () => number): number | undefined {
  const index = schedule.findIndex((at) => at > ageMs);
  const next = schedule[index];
  if (next === undefined) return undefined;
  const gap = next - (schedule[index - 1] ?? 0);
  return next + random() * Math.min(gap * JITTER, LONGEST_JITTER_MS);
}

/** When the last attempt is due. */
export function lastAttemptAge(schedule: readonly number[]): number {
  return schedule.at(-1) ?? 0;
}
