import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Candidate, choose, freeShare } from '../src/choose.js';

const NOW = 1_000_000;
const MODELS = ['a', 'b', 'c'];

function candidate(id: string, changes: Partial<Candidate> = {}): Candidate {
  return { id, enabled: true, priority: 0, maxConcurrency: 4, inUse: 0, lastUsedAt: 0, models: new Map(), ...changes };
}

const health = fc.record({ dead: fc.boolean(), coolingUntil: fc.constantFrom(0, NOW - 1, NOW, NOW + 1, NOW + 5_000) });
const candidates = fc
  .array(
    fc.record({
      enabled: fc.boolean(),
      priority: fc.integer({ min: -1, max: 1 }),
      maxConcurrency: fc.integer({ min: 0, max: 3 }),
      inUse: fc.integer({ min: 0, max: 4 }),
      lastUsedAt: fc.integer({ min: 0, max: 2 }),
      models: fc.array(fc.tuple(fc.constantFrom(...MODELS), health)).map((entries) => new Map(entries)),
    }),
    { maxLength: 6 },
  )
  .map((rows) => rows.map((row, index) => ({ id: `cred_${index}`, ...row })));
const models = fc.uniqueArray(fc.constantFrom(...MODELS), { minLength: 1 });

/** The definition, without the order: which models a candidate can serve now. */
function servable({ enabled, models: known }: Candidate, asked: string[]): string[] {
  if (!enabled) return [];
  return asked.filter((model) => !known.get(model)?.dead && (known.get(model)?.coolingUntil ?? 0) <= NOW);
}

describe('choose', () => {
  it('gives an enabled credential with a free slot, and exactly the models that are neither dead nor cooling', () => {
    fc.assert(
      fc.property(candidates, models, (given, asked) => {
        const choice = choose(given, NOW, asked);
        if (choice.status === 'none') return;
        const chosen = given.find(({ id }) => id === choice.id);
        expect(chosen && freeShare(chosen)).toBeGreaterThan(0);
        expect(choice.models).not.toEqual([]);
        expect(choice.models).toEqual(chosen && servable(chosen, asked));
      }),
    );
  });

  it('gives none only when none can serve, and says why', () => {
    fc.assert(
      fc.property(candidates, models, (given, asked) => {
        const choice = choose(given, NOW, asked);
        const rested = given.filter((other) => servable(other, asked).length > 0);
        const able = given.filter((other) => other.enabled && asked.some((model) => !other.models.get(model)?.dead));
        if (choice.status === 'chosen') return;
        expect(rested.filter((other) => freeShare(other) > 0)).toEqual([]);
        expect(choice.reason).toBe(rested.length > 0 ? 'busy' : able.length > 0 ? 'cooling' : 'no_credential');
        expect(choice.retryAfterMs).toBeGreaterThan(0);
      }),
    );
  });

  it('gives the one with the most free share; then of the highest priority; then the least recently used', () => {
    fc.assert(
      fc.property(candidates, models, (given, asked) => {
        const choice = choose(given, NOW, asked);
        if (choice.status === 'none') return;
        const rank = (other: Candidate) => [freeShare(other), other.priority, -other.lastUsedAt];
        const best = given
          .filter((other) => servable(other, asked).length > 0 && freeShare(other) > 0)
          .map(rank)
          .sort((a, b) => (b[0] ?? 0) - (a[0] ?? 0) || (b[1] ?? 0) - (a[1] ?? 0) || (b[2] ?? 0) - (a[2] ?? 0))[0];
        expect(given.filter(({ id }) => id === choice.id).map(rank)).toEqual([best]);
      }),
    );
  });

  it('prefers a free share over a priority', () => {
    const given = [candidate('half', { inUse: 2, priority: 9 }), candidate('free', { inUse: 1 })];
    expect(choose(given, NOW, ['a'])).toMatchObject({ id: 'free' });
  });

  it('says how long until the first of the cooling models is back', () => {
    const given = [
      candidate('long', { models: new Map([['a', { dead: false, coolingUntil: NOW + 9_000 }]]) }),
      candidate('short', { models: new Map([['a', { dead: false, coolingUntil: NOW + 1_200.5 }]]) }),
    ];
    expect(choose(given, NOW, ['a'])).toEqual({ status: 'none', reason: 'cooling', retryAfterMs: 1_201 });
  });

  it('passes over those to avoid while another can serve, and takes them when none can', () => {
    fc.assert(
      fc.property(candidates, models, fc.subarray(['cred_0', 'cred_1', 'cred_2']), (given, asked, avoid) => {
        const free = given.filter((other) => servable(other, asked).length > 0 && freeShare(other) > 0);
        const choice = choose(given, NOW, asked, avoid);
        const others = free.filter(({ id }) => !avoid.includes(id));
        expect(choice.status === 'chosen').toBe(free.length > 0);
        if (choice.status === 'chosen') expect(avoid.includes(choice.id)).toBe(others.length === 0);
      }),
    );
  });
});
