import { randomUUID } from 'node:crypto';
import { matchesPath } from '../path-pattern.js';
import type { Fault, FaultRule } from './fault-rule.js';

const MAX_RULES = 1000;

/** What a rule is compared with. */
export interface FaultTarget {
  method: string;
  path: string;
  key: string | undefined;
  model: string | undefined;
}

/** The fault for one request. */
export interface TakenFault {
  fault: Fault;
  /**
   * Keeps a request open until its rule is removed.
   * @param end called when that happens
   * @returns forgets the request, for one that ended before
   */
  hold(end: () => void): () => void;
}

/** A rule as it stands. A rule without `remaining` hits stays listed until it is removed. */
export interface ListedFault extends FaultRule {
  id: string;
  remaining: number | null;
  hits: number;
  /** Requests that hang on it now. */
  hanging: number;
}

interface Entry {
  rule: FaultRule;
  hits: number;
  held: Set<() => void>;
}

/** The rules by which requests go wrong: the first one, in the order of adding, that matches and has hits left. */
export class FaultRules {
  readonly #entries = new Map<string, Entry>();

  /**
   * Adds a rule.
   * @returns its id; undefined when there are 1,000 rules, used up ones included
   */
  add(rule: FaultRule): string | undefined {
    if (this.#entries.size >= MAX_RULES) return undefined;
    const id = randomUUID();
    this.#entries.set(id, { rule, hits: 0, held: new Set() });
    return id;
  }

  /** Takes the fault for a request and counts the hit; undefined when no rule is for it. */
  take(target: FaultTarget): TakenFault | undefined {
    for (const entry of this.#entries.values()) {
      if (remaining(entry) === 0 || !matches(entry.rule.match, target)) continue;
      entry.hits += 1;
      return {
        fault: entry.rule.fault,
        hold: (end) => {
          entry.held.add(end);
          return () => entry.held.delete(end);
        },
      };
    }
    return undefined;
  }

  /** Every rule, in the order of adding. */
  list(): ListedFault[] {
    return [...this.#entries].map(([id, entry]) => ({
      id,
      ...entry.rule,
      remaining: remaining(entry),
      hits: entry.hits,
      hanging: entry.held.size,
    }));
  }

  /** Removes a rule and ends the requests that hang on it. False when there is none with this id. */
  remove(id: string): boolean {
    const entry = this.#entries.get(id);
    if (!entry) return false;
    this.#entries.delete(id);
    for (const end of entry.held) end();
    return true;
  }

  /** Removes every rule. */
  clear(): void {
    for (const id of [...this.#entries.keys()]) this.remove(id);
  }
}

function remaining(entry: Entry): number | null {
  return entry.rule.times === null ? null : entry.rule.times - entry.hits;
}

function matches(match: FaultRule['match'], target: FaultTarget): boolean {
  return (
    (match.method === undefined || match.method === target.method) &&
    (match.path === undefined || matchesPath(match.path, target.path)) &&
    (match.key === undefined || match.key === target.key) &&
    (match.model === undefined || match.model === target.model)
  );
}
