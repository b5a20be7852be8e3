import { abilityOf, type Candidate, freeShare, type IsListed } from './candidate.js';
import { stickyScore } from './sticky.js';

/** What a call needs of a credential. */
export interface Wish {
  /** Upstream models, any of which would do. */
  models: readonly string[];
  /** Ids of candidates that are chosen only when no other can serve. */
  avoid?: readonly string[] | undefined;
  /** Wishes with the same one get the same credential, as long as that is free. */
  sticky?: string | undefined;
  /** Ids of candidates that count as free: whoever wishes has an idle slot of theirs. */
  idle?: readonly string[] | undefined;
}

export type Choice =
  | {
      status: 'chosen';
      candidate: Candidate;
      /** Those of the wish that it can serve now. */
      models: string[];
      /** Whether the call is the one that finds out whether the model, then a single one, works again. */
      probe: boolean;
    }
  | { status: 'none'; reason: 'busy' | 'cooling' | 'no_credential'; retryAfterMs: number };

/** Nobody can tell when a call ends and gives its slot back; this is soon enough to be there. */
const BUSY_RETRY_MS = 500;
/** A credential comes back by an operator's hand. */
const NO_CREDENTIAL_RETRY_MS = 5_000;

/**
 * Chooses a credential for a call: one that is able and not cooling, with the most free share of its slots, then the
 * highest priority, then the least recently used. A sticky wish gets the same one of the highest priority each time;
 * while that has no free slot, or rests, any other.
 * @param now in ms, by the clock that also set the candidates' times
 */
export function choose(candidates: Iterable<Candidate>, wish: Wish, now: number, isListed: IsListed): Choice {
  const { avoid = [] } = wish;
  const first = new Selection(wish, now, isListed);
  const avoided = new Selection(wish, now, isListed);
  for (const candidate of candidates) (avoid.includes(candidate.id) ? avoided : first).consider(candidate);
  if (first.choice) return first.choice;
  if (avoided.choice) return avoided.choice;

  const busyUntil = Math.min(first.busyUntil, avoided.busyUntil);
  if (busyUntil < Number.POSITIVE_INFINITY) return none('busy', busyUntil - now);
  const earliestReturn = Math.min(first.earliestReturn, avoided.earliestReturn);
  if (earliestReturn < Number.POSITIVE_INFINITY) return none('cooling', earliestReturn - now);
  return none('no_credential', NO_CREDENTIAL_RETRY_MS);
}

function none(reason: 'busy' | 'cooling' | 'no_credential', retryAfterMs: number): Choice {
  return { status: 'none', reason, retryAfterMs: Math.max(1, Math.ceil(retryAfterMs)) };
}

/** The best of the candidates that were considered so far, and why there is none. */
class Selection {
  /** The soonest that one which is only busy may be free. */
  busyUntil = Number.POSITIVE_INFINITY;
  earliestReturn = Number.POSITIVE_INFINITY;
  #best: Candidate | undefined;
  #stickiest: Candidate | undefined;
  #stickyScore = 0;

  constructor(
    private readonly wish: Wish,
    private readonly now: number,
    private readonly isListed: IsListed,
  ) {}

  get choice(): Choice | undefined {
    const stickiest = this.#stickiest;
    const stickyIsFree = stickiest && this.#isFree(stickiest);
    const candidate = stickyIsFree ? stickiest : this.#best;
    if (!candidate) return undefined;
    const able = (what: 'now' | 'as probe') =>
      this.wish.models.filter((model) => abilityOf(candidate, model, this.now, this.isListed).able === what);
    const models = able('now');
    if (models.length > 0) return { status: 'chosen', candidate, models, probe: false };
    return { status: 'chosen', candidate, models: able('as probe').slice(0, 1), probe: true };
  }

  consider(candidate: Candidate): void {
    if (!this.#isRested(candidate)) return;
    this.#considerSticky(candidate);
    if (!this.#isFree(candidate)) {
      const slotAt = freeShare(candidate) > 0 ? this.now : this.now + BUSY_RETRY_MS;
      this.busyUntil = Math.min(this.busyUntil, Math.max(slotAt, candidate.nextCallAt));
    } else if (!this.#best || isBetter(candidate, this.#best)) this.#best = candidate;
  }

  #considerSticky(candidate: Candidate): void {
    const { sticky } = this.wish;
    if (sticky === undefined) return;
    const above = candidate.priority - (this.#stickiest?.priority ?? Number.NEGATIVE_INFINITY);
    if (above < 0) return;
    const score = stickyScore(sticky, candidate.id);
    if (above === 0 && score <= this.#stickyScore) return;
    this.#stickiest = candidate;
    this.#stickyScore = score;
  }

  /** Whether it can serve one of the models now, were it not for its slots. */
  #isRested(candidate: Candidate): boolean {
    let earliest = Number.POSITIVE_INFINITY;
    for (const model of this.wish.models) {
      const ability = abilityOf(candidate, model, this.now, this.isListed);
      if (ability.able === 'now' || ability.able === 'as probe') return true;
      if (ability.able === 'later') earliest = Math.min(earliest, ability.at);
    }
    this.earliestReturn = Math.min(this.earliestReturn, earliest);
    return false;
  }

  #isFree(candidate: Candidate): boolean {
    const hasSlot = freeShare(candidate) > 0 || this.wish.idle?.includes(candidate.id);
    return hasSlot === true && candidate.nextCallAt <= this.now;
  }
}

function isBetter(a: Candidate, b: Candidate): boolean {
  const difference = freeShare(a) - freeShare(b) || a.priority - b.priority || b.lastUsedAt - a.lastUsedAt;
  return difference > 0;
}
