import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Candidate, freeShare, type IsListed, type ModelHealth } from '../src/candidate.js';
import { type Choice, Ranking, type Wish } from '../src/choose.js';
import { keyHash } from '../src/sticky.js';

const NOW = 1_000_000;
const MODELS = ['a', 'b', 'c'];

function candidate(id: string, changes: Partial<Candidate> = {}): Candidate {
  return Object.assign(
    {
      id,
      idHash: keyHash(id),
      enabled: true,
      priority: 0,
      maxConcurrency: 4,
      inUse: 0,
      requestsPerSecond: 0,
      nextCallAt: 0,
      lastUsedAt: 0,
      listed: new Set<string>(),
      models: new Map(),
    },
    changes,
  );
}

function health(changes: Partial<ModelHealth> = {}): ModelHealth {
  return { dead: false, restsUntil: 0, broken: false, watched: false, ...changes };
}

function resting(until: number): Candidate['models'] {
  return new Map([['a', health({ restsUntil: until })]]);
}

const times = fc.constantFrom(0, NOW - 1, NOW, NOW + 1, NOW + 5_000);
const healths = fc.record({ dead: fc.boolean(), restsUntil: times, broken: fc.boolean(), watched: fc.boolean() });
const candidates = fc
  .array(
    fc.record({
      enabled: fc.boolean(),
      priority: fc.integer({ min: -1, max: 1 }),
      maxConcurrency: fc.integer({ min: 0, max: 3 }),
      inUse: fc.integer({ min: 0, max: 4 }),
      requestsPerSecond: fc.constant(0),
      nextCallAt: fc.constantFrom(0, 0, 0, NOW, NOW + 700),
      lastUsedAt: fc.integer({ min: 0, max: 2 }),
      listed: fc.uniqueArray(fc.constantFrom('a', 'b')).map((names) => new Set(names)),
      models: fc.array(fc.tuple(fc.constantFrom(...MODELS), healths)).map((entries) => new Map(entries)),
    }),
    { maxLength: 6 },
  )
  .map((rows) => rows.map((row, index) => ({ id: `cred_${index}`, idHash: keyHash(`cred_${index}`), ...row })));
const models = fc.uniqueArray(fc.constantFrom(...MODELS), { minLength: 1 });

function listedIn(given: readonly Candidate[]): IsListed {
  return (model) => given.some(({ listed }) => listed.has(model));
}

function chooseAmong(given: readonly Candidate[], { models: asked, ...wish }: Wish & { models: string[] }): Choice {
  return new Ranking(given, asked, NOW, listedIn(given)).choose(wish);
}

/** The definition, without the order: which models a candidate can serve, now or once they have rested. */
function able(given: readonly Candidate[], { enabled, listed, models: known }: Candidate, asked: string[]): string[] {
  if (!enabled) return [];
  const isOthers = (model: string) => listed.size > 0 && !listed.has(model) && listedIn(given)(model);
  return asked.filter((model) => !known.get(model)?.dead && !isOthers(model));
}

function servable(given: readonly Candidate[], candidate: Candidate, asked: string[]): string[] {
  return able(given, candidate, asked).filter((model) => (candidate.models.get(model)?.restsUntil ?? 0) <= NOW);
}

function isFree(other: Candidate): boolean {
  return freeShare(other) > 0 && other.nextCallAt <= NOW;
}

describe('a choice', () => {
  it('gives an enabled credential with a free slot, and exactly the models that are neither dead nor cooling', () => {
    fc.assert(
      fc.property(candidates, models, (given, asked) => {
        const choice = chooseAmong(given, { models: asked });
        if (choice.status === 'none') return;
        const { candidate: chosen, probe } = choice;
        expect(isFree(chosen)).toBe(true);
        const whole = servable(given, chosen, asked).filter((model) => !chosen.models.get(model)?.broken);
        const broken = servable(given, chosen, asked).filter((model) => chosen.models.get(model)?.broken);
        expect(probe).toBe(whole.length === 0);
        expect(choice.models).toEqual(probe ? broken.slice(0, 1) : whole);
        expect(choice.models).not.toEqual([]);
      }),
    );
  });

  it('gives none only when none can serve, and says why', () => {
    fc.assert(
      fc.property(candidates, models, (given, asked) => {
        const choice = chooseAmong(given, { models: asked });
        const rested = given.filter((other) => servable(given, other, asked).length > 0);
        const known = given.filter((other) => able(given, other, asked).length > 0);
        if (choice.status === 'chosen') return;
        expect(rested.filter(isFree)).toEqual([]);
        expect(choice.reason).toBe(rested.length > 0 ? 'busy' : known.length > 0 ? 'cooling' : 'no_credential');
        expect(choice.retryAfterMs).toBeGreaterThan(0);
      }),
    );
  });

  it('gives the one with the most free share; then of the highest priority; then the least recently used', () => {
    fc.assert(
      fc.property(candidates, models, (given, asked) => {
        const choice = chooseAmong(given, { models: asked });
        if (choice.status === 'none') return;
        const rank = (other: Candidate) => [freeShare(other), other.priority, -other.lastUsedAt];
        const best = given
          .filter((other) => servable(given, other, asked).length > 0 && isFree(other))
          .map(rank)
          .sort((a, b) => (b[0] ?? 0) - (a[0] ?? 0) || (b[1] ?? 0) - (a[1] ?? 0) || (b[2] ?? 0) - (a[2] ?? 0))[0];
        expect(rank(choice.candidate)).toEqual(best);
      }),
    );
  });

  it('prefers a free share over a priority', () => {
    const given = [candidate('half', { inUse: 2, priority: 9 }), candidate('free', { inUse: 1 })];
    expect(chooseAmong(given, { models: ['a'] })).toMatchObject({ candidate: { id: 'free' } });
  });

  it('says how long until the first of the cooling models is back', () => {
    const given = [
      candidate('long', { models: resting(NOW + 9_000) }),
      candidate('short', { models: resting(NOW + 1_200.5) }),
    ];
    expect(chooseAmong(given, { models: ['a'] })).toEqual({ status: 'none', reason: 'cooling', retryAfterMs: 1_201 });
  });

  it('says how long until the next call of one with a pace', () => {
    const given = [
      candidate('full', { inUse: 4 }),
      candidate('paced', { requestsPerSecond: 5, nextCallAt: NOW + 120 }),
    ];
    expect(chooseAmong(given, { models: ['a'] })).toEqual({ status: 'none', reason: 'busy', retryAfterMs: 120 });
  });

  it('passes over those to avoid while another can serve, and takes them when none can', () => {
    fc.assert(
      fc.property(candidates, models, fc.subarray(['cred_0', 'cred_1', 'cred_2']), (given, asked, avoid) => {
        const free = given.filter((other) => servable(given, other, asked).length > 0 && isFree(other));
        const choice = chooseAmong(given, { models: asked, avoid });
        const others = free.filter(({ id }) => !avoid.includes(id));
        expect(choice.status === 'chosen').toBe(free.length > 0);
        if (choice.status === 'chosen') expect(avoid.includes(choice.candidate.id)).toBe(others.length === 0);
      }),
    );
  });

  it('tries a model that nobody is listed with any credential, and one that somebody is listed with no other', () => {
    const given = [candidate('lists b', { listed: new Set(['b']) }), candidate('unasked', { priority: -1 })];
    expect(chooseAmong(given, { models: ['a'] })).toMatchObject({ candidate: { id: 'lists b' } });
    const with2 = [...given, candidate('lists a', { listed: new Set(['a']), inUse: 4 })];
    expect(chooseAmong(with2, { models: ['a'] })).toMatchObject({ candidate: { id: 'unasked' } });
    expect(chooseAmong(with2.slice(0, 1).concat(with2.slice(2)), { models: ['a'] })).toMatchObject({ reason: 'busy' });
  });

  it('lets one call find out whether a broken model works again, once it has rested', () => {
    const broken = (restsUntil: number) =>
      candidate('x', { models: new Map([['a', health({ broken: true, restsUntil })]]) });
    expect(chooseAmong([broken(NOW + 1)], { models: ['a'] })).toMatchObject({ reason: 'cooling', retryAfterMs: 1 });
    expect(chooseAmong([broken(NOW)], { models: ['a'] })).toMatchObject({ probe: true, models: ['a'] });
    expect(chooseAmong([broken(NOW)], { models: ['a', 'b'] })).toMatchObject({ probe: false, models: ['b'] });
  });
});

describe('a ranking', () => {
  it('chooses as one that is made anew, whatever was used in between', () => {
    const wishes = fc.array(
      fc.record({
        avoid: fc.subarray(['cred_0', 'cred_1', 'cred_2']),
        sticky: fc.option(fc.string(), { nil: undefined }),
        idle: fc.subarray(['cred_0', 'cred_3']),
      }),
      { minLength: 1, maxLength: 12 },
    );
    fc.assert(
      fc.property(candidates, models, wishes, (given, asked, all) => {
        const ranking = new Ranking(given, asked, NOW, listedIn(given));
        for (const [index, wish] of all.entries()) {
          const choice = ranking.choose(wish);
          const anew = chooseAmong(given, { models: asked, ...wish });
          if (choice.status === 'none') expect(choice).toEqual(anew);
          else {
            const rank = ({ lastUsedAt, priority, ...other }: Candidate) => [
              freeShare({ lastUsedAt, priority, ...other }),
              priority,
              lastUsedAt,
            ];
            expect(anew.status === 'chosen' && rank(anew.candidate)).toEqual(rank(choice.candidate));
            choice.candidate.inUse++;
            choice.candidate.lastUsedAt = NOW + index;
          }
        }
      }),
    );
  });

  it('takes less than 10 ms among 10,000', () => {
    const listed = new Set(MODELS);
    const many = Array.from({ length: 10_000 }, (_, index) =>
      candidate(`cred_${index}`, { listed, inUse: index % 4, lastUsedAt: index }),
    );
    const times = Array.from({ length: 20 }, () => {
      const begun = performance.now();
      new Ranking(many, ['a'], NOW, (model) => listed.has(model)).choose({ sticky: 'x' });
      return performance.now() - begun;
    });
    // The fastest: others use the machine as well.
    expect(Math.min(...times)).toBeLessThan(10);
  });
});

describe('a sticky wish', () => {
  const many = Array.from({ length: 20 }, (_, index) => candidate(`cred_${index}`));

  it('gets the same credential whatever else is going on, as long as that is free', () => {
    fc.assert(
      fc.property(fc.string(), candidates, models, (sticky, given, asked) => {
        const choice = chooseAmong(given, { models: asked, sticky });
        if (choice.status === 'none') return;
        const idle = given.map((other) => ({ ...other, inUse: 0, nextCallAt: 0, lastUsedAt: 0 }));
        const whenIdle = chooseAmong(idle, { models: asked, sticky });
        const stickiest = whenIdle.status === 'chosen' ? whenIdle.candidate.id : undefined;
        const isThere = given.some((other) => other.id === stickiest && isFree(other));
        if (isThere) expect(choice.candidate.id).toBe(stickiest);
        else expect(choice.candidate.id).toBe(chooseIdOf(given, asked));
      }),
    );
  });

  it('stays when other credentials go', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(19), (sticky, gone) => {
        const before = chooseAmong(many, { models: ['a'], sticky });
        const id = before.status === 'chosen' ? before.candidate.id : '';
        if (id === `cred_${gone}`) return;
        const left = many.filter((other) => other.id !== `cred_${gone}`);
        expect(chooseAmong(left, { models: ['a'], sticky })).toMatchObject({ candidate: { id } });
      }),
    );
  });

  it('is spread over all credentials', () => {
    const counts = new Map<string, number>();
    for (let i = 0; i < 2_000; i++) {
      const choice = chooseAmong(many, { models: ['a'], sticky: `conversation ${i}` });
      if (choice.status === 'chosen') counts.set(choice.candidate.id, (counts.get(choice.candidate.id) ?? 0) + 1);
    }
    expect(counts.size).toBe(20);
    for (const count of counts.values()) expect(count).toBeGreaterThan(50);
  });
});

function chooseIdOf(given: readonly Candidate[], asked: string[]): string | undefined {
  const choice = chooseAmong(given, { models: asked });
  return choice.status === 'chosen' ? choice.candidate.id : undefined;
}
