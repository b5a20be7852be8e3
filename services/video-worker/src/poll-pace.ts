const POLL_MS = 1_000;
const JITTER = 0.2;
const SHORTEST_MS = 250;
/** Progress is told in whole percent: the estimate is that much too early. */
const MARGIN_MS = 100;

/**
 * When to poll a job again: about every second, but once just when it should be done, judged by the pace of its
 * progress, so that its end is not noticed up to a second late.
 */
export class PollPace {
  #first: { at: number; progress: number } | undefined;
  #wasEarly = false;

  /** @param random 0 to 1, for jitter */
  constructor(private readonly random: () => number) {}

  /** Milliseconds to wait after a poll that told this progress (0 to 100, if any) at this time in milliseconds. */
  next(progress: number | undefined, now: number): number {
    const regular = POLL_MS * (1 - JITTER + 2 * JITTER * this.random());
    const remaining = progress === undefined ? undefined : this.#remaining(progress, now);
    const early = remaining !== undefined && remaining < regular && !this.#wasEarly;
    this.#wasEarly = early;
    return early ? Math.max(remaining + MARGIN_MS, SHORTEST_MS) : regular;
  }

  #remaining(progress: number, now: number): number | undefined {
    this.#first ??= { at: now, progress };
    const made = progress - this.#first.progress;
    return made > 0 ? ((100 - progress) * (now - this.#first.at)) / made : undefined;
  }
}
