import type { Outcome } from '@grok2api/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Effect, effectOf, type RestRules, type Situation } from '../src/outcomes.js';

const RULES: RestRules = {
  coolingFirstMs: 2_000,
  coolingLongestMs: 600_000,
  breakerFaults: 5,
  breakerRestMs: 5_000,
};

function effect(outcome: Outcome, changes: Partial<Situation> = {}, rules: Partial<RestRules> = {}): Effect {
  return effectOf(outcome, situation(changes), { ...RULES, ...rules });
}

function situation(changes: Partial<Situation> = {}): Situation {
  return { cooling: false, coolingStep: 0, faults: 0, random: () => 0.5, ...changes };
}

const almostOne = () => 1 - Number.EPSILON;

describe('effectOf', () => {
  it('resets the ladder and the count of faults on success', () => {
    expect(effect('ok', { coolingStep: 7, faults: 4 })).toEqual({ model: { coolingStep: 0, faults: 0 } });
  });

  it('learns nothing from a success that was begun before the rest', () => {
    expect(effect('ok', { cooling: true, coolingStep: 7, faults: 5 })).toEqual({});
  });

  it('rests a rate-limited model for as long as the upstream says', () => {
    expect(effect('rate_limited', { coolingStep: 3, retryAfterMs: 7_000 })).toEqual({
      model: { coolForMs: 7_000, coolingStep: 4 },
    });
  });

  it('otherwise rests it for 2 s, doubling to 10 min, with full jitter', () => {
    const rests = Array.from({ length: 11 }, (_, coolingStep) => {
      return effect('rate_limited', { coolingStep, random: almostOne }).model?.coolForMs;
    });
    expect(rests).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600].map((seconds) => seconds * 1000));
    fc.assert(
      fc.property(fc.nat(), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (coolingStep, random) => {
        const { coolForMs = -1 } = effect('rate_limited', { coolingStep, random: () => random }).model ?? {};
        expect(coolForMs).toBe(Math.ceil(random * Math.min(600_000, 2_000 * 2 ** coolingStep)));
      }),
    );
  });

  it('climbs the ladder that is configured', () => {
    const rules = { coolingFirstMs: 10, coolingLongestMs: 35 };
    const rests = [0, 1, 2, 3].map(
      (coolingStep) => effect('rate_limited', { coolingStep, random: almostOne }, rules).model?.coolForMs,
    );
    expect(rests).toEqual([10, 20, 35, 35]);
  });

  it('climbs one step for all the calls that were under way when the limit was hit', () => {
    expect(effect('rate_limited', { cooling: true, coolingStep: 1 })).toEqual({});
    expect(effect('rate_limited', { cooling: true, coolingStep: 1, retryAfterMs: 9_000 })).toEqual({
      model: { coolForMs: 9_000 },
    });
  });

  it('breaks a model at the fifth fault in a row, for 5 s, doubling with each probe that fails', () => {
    expect(effect('fault', { faults: 3 })).toEqual({ model: { faults: 4 } });
    const rests = [4, 5, 6, 20].map((faults) => effect('fault', { faults }).model);
    expect(rests).toEqual([
      { faults: 5, coolForMs: 5_000 },
      { faults: 6, coolForMs: 10_000 },
      { faults: 7, coolForMs: 20_000 },
      { faults: 21, coolForMs: 600_000 },
    ]);
    expect(effect('fault', { faults: 5, cooling: true })).toEqual({});
    expect(effect('fault', { faults: 0 }, { breakerFaults: 1, breakerRestMs: 7 })).toEqual({
      model: { faults: 1, coolForMs: 7 },
    });
  });

  it('retires what cannot work any more', () => {
    expect(effect('dead')).toEqual({ disable: 'dead' });
    expect(effect('no_credits')).toEqual({ disable: 'no_credits' });
    expect(effect('not_permitted')).toEqual({ model: { dead: true } });
  });

  it('does nothing for what is not the credential’s fault', () => {
    expect(effect('not_counted', { coolingStep: 2, faults: 3 })).toEqual({});
  });
});
