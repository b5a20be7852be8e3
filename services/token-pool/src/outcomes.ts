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

/** How long credentials rest. */
export interface RestRules {
  /** The longest first rest after a rate limit; it doubles with each further one. */
  coolingFirstMs: number;
  coolingLongestMs: number;
  /** Faults in a row that break a model with a credential. */
  breakerFaults: number;
  /** Its first rest; it doubles with each probe that fails, up to the longest. */
  breakerRestMs: number;
}

/** What an outcome changes; what is not there stays as it is. A probe that was under way is over after any. */
export interface Effect {
  /** On the model with that credential. */
  model?: { dead?: true; coolForMs?: number; coolingStep?: number; faults?: number };
  /** The credential gets no new grants, for this reason. */
  disable?: 'dead' | 'no_credits';
}

/** A Retry-After beyond it is more likely a mistake than a wish. */
const LONGEST_RETRY_AFTER_MS = 86_400_000;

const EFFECTS: Record<Outcome, (situation: Situation, rules: RestRules) => Effect> = {
  ok: succeed,
  rate_limited: coolDown,
  dead: () => ({ disable: 'dead' }),
  not_permitted: () => ({ model: { dead: true } }),
  no_credits: () => ({ disable: 'no_credits' }),
  fault: countFault,
  not_counted: () => ({}),
};

/** What a call's outcome does to the credential and the model it was made with. */
export function effectOf(outcome: Outcome, situation: Situation, rules: RestRules): Effect {
  return EFFECTS[outcome](situation, rules);
}

// A call that succeeds while the model rests was begun before: it says nothing about what the rest is for.
function succeed({ cooling }: Situation): Effect {
  return cooling ? {} : { model: { coolingStep: 0, faults: 0 } };
}

// Calls that were under way when the cooling began hit the same limit: only the first one climbs the ladder.
function coolDown({ cooling, coolingStep, retryAfterMs, random }: Situation, rules: RestRules): Effect {
  const step = cooling ? {} : { coolingStep: coolingStep + 1 };
  if (retryAfterMs) return { model: { ...step, coolForMs: Math.min(retryAfterMs, LONGEST_RETRY_AFTER_MS) } };
  if (cooling) return {};
  // Full jitter: callers that were refused together do not come back together.
  const ceiling = doubled(rules.coolingFirstMs, coolingStep, rules.coolingLongestMs);
  return { model: { ...step, coolForMs: Math.ceil(random() * ceiling) } };
}

// The count stays after the rest, so that the first fault afterwards breaks again and the first success ends it.
function countFault({ cooling, faults }: Situation, rules: RestRules): Effect {
  if (cooling) return {};
  const counted = faults + 1;
  const beyond = counted - rules.breakerFaults;
  if (beyond < 0) return { model: { faults: counted } };
  // Without jitter: a single call comes back, the probe.
  return { model: { faults: counted, coolForMs: doubled(rules.breakerRestMs, beyond, rules.coolingLongestMs) } };
}

function doubled(firstMs: number, times: number, longestMs: number): number {
  return Math.min(longestMs, firstMs * 2 ** times);
}
