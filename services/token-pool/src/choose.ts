import TinyQueue from 'tinyqueue';
import { abilityOf, type Candidate, freeShare, type IsListed } from './candidate.js';
import { keyHash, stickyScore } from './sticky.js';

/** What a call wants of a credential, besides models. */
export interface Wish {
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
      /** Those of the wanted ones that it can serve now. */
      models: string[];
      /** Whether the call is the one that finds out whether the model, then a single one, works again. */
      probe: boolean;
    }
  | { status: 'none'; reason: 'busy' | 'cooling' | 'no_credential'; retryAfterMs: number };

/** A candidate, and what decided its place when it was put there. */
interface Ranked {
  candidate: Candidate;
  share: number;
  lastUsedAt: number;
}

/** Nobody can tell when a call ends and gives its slot back; this is soon enough to be there. */
const BUSY_RETRY_MS = 500;
/** A credential comes back by an operator's hand. */
const NO_CREDENTIAL_RETRY_MS = 5_000;

/**
 * The credentials that can serve some models at a moment, in the order in which they are chosen: those that are able and
 * not cooling, by the free share of their slots, then by priority, then the least recently used first. A sticky wish
 * gets the same one of the highest priority each time; while that has no free slot, or rests, any other.
 * Made once for many choices: the candidates' slots and times of use may change in between, nothing else.
 */
export class Ranking {
  /** Able and rested, with or without a free slot. */
  readonly #rested: Candidate[] = [];
  readonly #free: TinyQueue<Ranked>;
  #earliestReturn = Number.POSITIVE_INFINITY;

  /**
   * @param models upstream models, any of which would do
   * @param now in ms, by the clock that also set the candidates' times
   */
  constructor(
    candidates: Iterable<Candidate>,
    private readonly models: readonly string[],
    private readonly now: number,
    private readonly isListed: IsListed,
  ) {
    for (const candidate of candidates) if (this.#isRested(candidate)) this.#rested.push(candidate);
    this.#free = new TinyQueue(this.#rested.filter((candidate) => this.#isFree(candidate)).map(ranked), compare);
  }

  /** The best credential for a wish, or why there is none. */
  choose({ avoid = [], sticky, idle = [] }: Wish = {}): Choice {
    const stickiest = sticky === undefined ? undefined : this.#stickiest(sticky, avoid);
    if (stickiest && (this.#isFree(stickiest) || idle.includes(stickiest.id))) return this.#chosen(stickiest);

    const ready = [...this.#bestFree(avoid), ...this.#rested.filter(({ id }) => idle.includes(id))].sort(byRank);
    const best = ready.find(({ id }) => !avoid.includes(id)) ?? ready[0];
    if (best) return this.#chosen(best);
    if (this.#rested.length > 0) return none('busy', this.#nextFreeAt() - this.now);
    if (this.#earliestReturn < Number.POSITIVE_INFINITY) return none('cooling', this.#earliestReturn - this.now);
    return none('no_credential', NO_CREDENTIAL_RETRY_MS);
  }

  /** Whether it can serve one of the models now, were it not for its slots. */
  #isRested(candidate: Candidate): boolean {
    let earliest = Number.POSITIVE_INFINITY;
    for (const model of this.models) {
      const ability = abilityOf(candidate, model, this.now, this.isListed);
      if (ability.able === 'now' || ability.able === 'as probe') return true;
      if (ability.able === 'later') earliest = Math.min(earliest, ability.at);
    }
    this.#earliestReturn = Math.min(this.#earliestReturn, earliest);
    return false;
  }

  #isFree(candidate: Candidate): boolean {
    return freeShare(candidate) > 0 && candidate.nextCallAt <= this.now;
  }

  /** The best one that is free and not to be avoided, and the ones to avoid that come before it. */
  #bestFree(avoid: readonly string[]): Candidate[] {
    const best: Ranked[] = [];
    for (let top = this.#top(); top; top = this.#top()) {
      best.push(top);
      if (!avoid.includes(top.candidate.id)) break;
      this.#free.pop();
    }
    for (const each of best) if (avoid.includes(each.candidate.id)) this.#free.push(each);
    return best.map(({ candidate }) => candidate);
  }

  /** The first in the queue, which stays there. What was used since it was put there gets another place. */
  #top(): Ranked | undefined {
    for (let top = this.#free.peek(); top; top = this.#free.peek()) {
      const isFree = this.#isFree(top.candidate);
      const now = ranked(top.candidate);
      if (isFree && now.share === top.share && now.lastUsedAt === top.lastUsedAt) return top;
      this.#free.pop();
      if (isFree) this.#free.push(now);
    }
    return undefined;
  }

  #stickiest(sticky: string, avoid: readonly string[]): Candidate | undefined {
    const hash = keyHash(sticky);
    let best: Candidate | undefined;
    let bestScore = -1;
    for (const candidate of this.#rested) {
      const above = candidate.priority - (best?.priority ?? Number.NEGATIVE_INFINITY);
      if (above < 0 || avoid.includes(candidate.id)) continue;
      const score = stickyScore(hash, candidate.idHash);
      if (above === 0 && score <= bestScore) continue;
      best = candidate;
      bestScore = score;
    }
    return best;
  }

  #nextFreeAt(): number {
    let at = Number.POSITIVE_INFINITY;
    for (const candidate of this.#rested) {
      const slotAt = freeShare(candidate) > 0 ? this.now : this.now + BUSY_RETRY_MS;
      at = Math.min(at, Math.max(slotAt, candidate.nextCallAt));
    }
    return at;
  }

  #chosen(candidate: Candidate): Choice {
    const able = (what: 'now' | 'as probe') =>
      this.models.filter((model) => abilityOf(candidate, model, this.now, this.isListed).able === what);
    const models = able('now');
    if (models.length > 0) return { status: 'chosen', candidate, models, probe: false };
    return { status: 'chosen', candidate, models: able('as probe').slice(0, 1), probe: true };
  }
}

function none(reason: 'busy' | 'cooling' | 'no_credential', retryAfterMs: number): Choice {
  return { status: 'none', reason, retryAfterMs: Math.max(1, Math.ceil(retryAfterMs)) };
}

function ranked(candidate: Candidate): Ranked {
  return { candidate, share: freeShare(candidate), lastUsedAt: candidate.lastUsedAt };
}

function byRank(a: Candidate, b: Candidate): number {
  return compare(ranked(a), ranked(b));
}

// `-Infinity` twice is no difference, and no number either.
function compare(a: Ranked, b: Ranked): number {
  return b.share - a.share || b.candidate.priority - a.candidate.priority || a.lastUsedAt - b.lastUsedAt || 0;
}
