import type { Outcome } from '@grok2api/contracts';

/** What an outcome's effect depends on. */
export interface Situation {
  /** Whether the model rests on that credential at the moment. */
  cooling: boolean;
  /** Rate limits since the last success. */
  coolingStep: number;
  /** Faults in a row since the last success. */
  faults: number;
  /** What the upstream asked for. */
  retryAfterMs?: number | undefined;
  /** From 0 to 1, without 1. */
  random: () => number;
}

/** What an outcome changes; what is not there stays as it is. */
export interface Effect {
  /** On the model with that credential. */
  model?: { dead?: true; coolForMs?: number; coolingStep?: number; faults?: number };
  /** The credential gets no new grants, for this reason. */
  disable?: 'dead' | 'no_credits';
}

const FIRST_COOLING_MS = 2_000;
const LONGEST_COOLING_MS = 600_000;
/** A Retry-After beyond it is more likely a mistake than a wish. */
const LONGEST_RETRY_AFTER_MS = 86_400_000;
const FAULTS_TO_BREAK = 5;
const BREAK_MS = 5_000;

const EFFECTS: Record<Outcome, (situation: Situation) => Effect> = {
  ok: () => ({ model: { coolingStep: 0, faults: 0 } }),
  rate_limited: coolDown,
  dead: () => ({ disable: 'dead' }),
  not_permitted: () => ({ model: { dead: true } }),
  no_credits: () => ({ disable: 'no_credits' }),
  fault: countFault,
  not_counted: () => ({}),
};

/** What a call's outcome does to the credential and the model it was made with. */
export function effectOf(outcome: Outcome, situation: Situation): Effect {
  return EFFECTS[outcome](situation);
}

// Calls that were under way when the cooling began hit the same limit: only the first one climbs the ladder.
function coolDown({ cooling, coolingStep, retryAfterMs, random }: Situation): Effect {
  const step = cooling ? {} : { coolingStep: coolingStep + 1 };
  if (retryAfterMs) return { model: { ...step, coolForMs: Math.min(retryAfterMs, LONGEST_RETRY_AFTER_MS) } };
  if (cooling) return {};
  const ceiling = Math.min(LONGEST_COOLING_MS, FIRST_COOLING_MS * 2 ** coolingStep);
  // Full jitter: callers that were refused together do not come back together.
  return { model: { ...step, coolForMs: Math.ceil(random() * ceiling) } };
}

// The count stays after the rest, so that the first fault afterwards breaks again and the first success ends it.
function countFault({ cooling, faults }: Situation): Effect {
  if (cooling) return {};
  const counted = faults + 1;
  return { model: { faults: counted, ...(counted >= FAULTS_TO_BREAK ? { coolForMs: BREAK_MS } : {}) } };
}
