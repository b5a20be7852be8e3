/** What is known of one model with one credential. */
export interface ModelHealth {
  /** The upstream does not permit it. */
  dead: boolean;
  /** Time in ms until which it rests, or until which somebody else probes it; 0 when neither. */
  restsUntil: number;
  /** Faults broke it: after its rest one call at a time may find out whether it works again. */
  broken: boolean;
  /** Whether a success would clear something. */
  watched: boolean;
}

/** A credential as far as the choice depends on it. Times are in ms by the clock of the process. */
export interface Candidate {
  id: string;
  /** See `sticky.ts`. */
  idHash: number;
  enabled: boolean;
  /** The higher one is preferred. */
  priority: number;
  /** 0 is no limit. */
  maxConcurrency: number;
  /** Slots granted at the moment, where there is a limit. */
  inUse: number;
  /** 0 is no limit. */
  requestsPerSecond: number;
  /** When the next call may begin, where there is such a limit. */
  nextCallAt: number;
  /** When a grant was last given; `-Infinity` when there was none. */
  lastUsedAt: number;
  /** The models that the upstream lists for it, aliases included; empty when it was not asked yet. */
  listed: ReadonlySet<string>;
  /** Nothing is held against a model that is missing here. */
  models: ReadonlyMap<string, ModelHealth>;
}

/** Whether any credential is known to be listed a model. Nobody can tell of one that none is listed. */
export type IsListed = (model: string) => boolean;

/** What a credential can do for a model: `probe` is one call, to find out whether it works again. */
export type Ability =
  | { able: 'now' | 'as probe' }
  /** `at` in ms. */
  | { able: 'later'; at: number }
  | { able: 'never' };

// Asked thousands of times for a choice: the answers that are always the same are made once.
const NEVER: Ability = { able: 'never' };
const NOW: Ability = { able: 'now' };
const AS_PROBE: Ability = { able: 'as probe' };

/** What a credential can do for a model, whatever its slots. */
export function abilityOf(candidate: Candidate, model: string, now: number, isListed: IsListed): Ability {
  const unlisted = candidate.listed.size > 0 && !candidate.listed.has(model) && isListed(model);
  const health = candidate.models.get(model);
  if (!candidate.enabled || unlisted || health?.dead) return NEVER;
  if (!health) return NOW;
  if (health.restsUntil > now) return { able: 'later', at: health.restsUntil };
  return health.broken ? AS_PROBE : NOW;
}

/** The models that calls may be begun with now: those of the asked ones and those that the upstream lists for it. */
export function usableModels(
  candidate: Candidate,
  asked: readonly string[],
  now: number,
  isListed: IsListed,
): string[] {
  const all = new Set([...asked, ...candidate.listed]);
  return [...all].filter((model) => abilityOf(candidate, model, now, isListed).able === 'now');
}

/** Models of which a success is to be reported. */
export function watchedModels(candidate: Candidate): string[] {
  return [...candidate.models].filter(([, { watched }]) => watched).map(([model]) => model);
}

/** Free slots; infinitely many where there is no limit. */
export function freeSlots({ maxConcurrency, inUse }: Candidate): number {
  return maxConcurrency === 0 ? Number.POSITIVE_INFINITY : Math.max(0, maxConcurrency - inUse);
}

/** From 0, every slot is granted, to 1. A credential without a limit is always all free. */
export function freeShare(candidate: Candidate): number {
  return candidate.maxConcurrency === 0 ? 1 : freeSlots(candidate) / candidate.maxConcurrency;
}
