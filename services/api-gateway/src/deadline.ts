import type { Request } from 'express';

const SHORTEST_MS = 1_000;
const LONGEST_MS = 3_600_000;

/**
 * How long a client waits for the beginning of an answer, in ms: what OpenAI's clients say in `x-stainless-timeout`
 * (seconds), within a second and an hour, else `standardMs`.
 */
export function deadlineOf(req: Request, standardMs: number): number {
  const seconds = Number(req.get('x-stainless-timeout') || Number.NaN);
  if (!(seconds > 0)) return standardMs;
  return Math.min(LONGEST_MS, Math.max(SHORTEST_MS, Math.round(seconds * 1000)));
}
