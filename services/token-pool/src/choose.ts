/** What is known of one model with one credential. */
export interface ModelHealth {
  dead: boolean;
  /** Time in ms until which it rests; 0 when it never had to. */
  coolingUntil: number;
}

/** A credential as far as the choice depends on it. */
export interface Candidate {
  id: string;
  enabled: boolean;
  /** The higher one is preferred. */
  priority: number;
  /** 0 is no limit. */
  maxConcurrency: number;
  /** Slots granted at the moment. */
  inUse: number;
  /** Time in ms of the last grant; 0 when there was none. */
  lastUsedAt: number;
  /** Nothing bad is known of a model that is missing here. */
  models: ReadonlyMap<string, ModelHealth>;
}

type Choice =
  | { status: 'chosen'; id: string; models: string[] }
  | { status: 'none'; reason: 'busy' | 'cooling' | 'no_credential'; retryAfterMs: number };

/** Nobody can tell when a call ends and gives its slot back; this is soon enough to be there. */
const BUSY_RETRY_MS = 500;
/** A credential comes back by an operator's hand. */
const NO_CREDENTIAL_RETRY_MS = 5_000;

/**
 * Chooses a credential for a call to any of the models: one that is able and not cooling, with the most free
 * share of its slots, then the highest priority, then the least recently used.
 * @param now in ms, by the clock that also set the candidates' times
 * @param avoid ids of candidates that are chosen only when no other can serve
 * @returns the credential and those of the models, in their order, that it can serve now
 */
export function choose(
  candidates: readonly Candidate[],
  now: number,
  models: readonly string[],
  avoid: readonly string[] = [],
): Choice {
  if (avoid.length > 0) {
    const others = chooseAmong(
      candidates.filter(({ id }) => !avoid.includes(id)),
      now,
      models,
    );
    if (others.status === 'chosen') return others;
  }
  return chooseAmong(candidates, now, models);
}

function chooseAmong(candidates: readonly Candidate[], now: number, models: readonly string[]): Choice {
  let best: { candidate: Candidate; models: string[] } | undefined;
  let busy = false;
  let earliestReturn = Number.POSITIVE_INFINITY;

  for (const candidate of candidates) {
    if (!candidate.enabled) continue;
    const able = models.filter((model) => !candidate.models.get(model)?.dead);
    if (able.length === 0) continue;
    const rested = able.filter((model) => coolingUntil(candidate, model) <= now);
    if (rested.length === 0) {
      earliestReturn = Math.min(earliestReturn, ...able.map((model) => coolingUntil(candidate, model)));
    } else if (freeShare(candidate) === 0) {
      busy = true;
    } else if (!best || isBetter(candidate, best.candidate)) {
      best = { candidate, models: rested };
    }
  }

  if (best) return { status: 'chosen', id: best.candidate.id, models: best.models };
  if (busy) return { status: 'none', reason: 'busy', retryAfterMs: BUSY_RETRY_MS };
  if (earliestReturn < Number.POSITIVE_INFINITY) {
    return { status: 'none', reason: 'cooling', retryAfterMs: Math.ceil(earliestReturn - now) };
  }
  return { status: 'none', reason: 'no_credential', retryAfterMs: NO_CREDENTIAL_RETRY_MS };
}

/** From 0, every slot is granted, to 1. A credential without a limit is always all free. */
export function freeShare({ maxConcurrency, inUse }: Candidate): number {
  return maxConcurrency === 0 ? 1 : Math.max(0, maxConcurrency - inUse) / maxConcurrency;
}

/** The same candidate with every slot granted. */
export function asFull(candidate: Candidate): Candidate {
  return { ...candidate, maxConcurrency: 1, inUse: 1 };
}

function isBetter(a: Candidate, b: Candidate): boolean {
  const difference = freeShare(a) - freeShare(b) || a.priority - b.priority || b.lastUsedAt - a.lastUsedAt;
  return difference > 0;
}

function coolingUntil(candidate: Candidate, model: string): number {
  return candidate.models.get(model)?.coolingUntil ?? 0;
}
