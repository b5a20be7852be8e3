import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { effectOf, type Situation } from '../src/outcomes.js';

function situation(changes: Partial<Situation> = {}): Situation {
  return { cooling: false, coolingStep: 0, faults: 0, random: () => 0.5, ...changes };
}

describe('effectOf', () => {
  it('resets the ladder and the count of faults on success', () => {
    expect(effectOf('ok', situation({ coolingStep: 7, faults: 4 }))).toEqual({ model: { coolingStep: 0, faults: 0 } });
  });

  it('rests a rate-limited model for as long as the upstream says', () => {
    const effect = effectOf('rate_limited', situation({ coolingStep: 3, retryAfterMs: 7_000 }));
    expect(effect).toEqual({ model: { coolForMs: 7_000, coolingStep: 4 } });
  });

  it('otherwise rests it for 2 s, doubling to 10 min, with full jitter', () => {
    const almostOne = () => 1 - Number.EPSILON;
    const rests = Array.from({ length: 11 }, (_, coolingStep) => {
      return effectOf('rate_limited', situation({ coolingStep, random: almostOne })).model?.coolForMs;
    });
    expect(rests).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600].map((seconds) => seconds * 1000));
    fc.assert(
      fc.property(fc.nat(), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (coolingStep, random) => {
        const { coolForMs = -1 } =
          effectOf('rate_limited', situation({ coolingStep, random: () => random })).model ?? {};
        expect(coolForMs).toBe(Math.ceil(random * Math.min(600_000, 2_000 * 2 ** coolingStep)));
      }),
    );
  });

  it('climbs one step for all the calls that were under way when the limit was hit', () => {
    expect(effectOf('rate_limited', situation({ cooling: true, coolingStep: 1 }))).toEqual({});
    const told = effectOf('rate_limited', situation({ cooling: true, coolingStep: 1, retryAfterMs: 9_000 }));
    expect(told).toEqual({ model: { coolForMs: 9_000 } });
  });

  it('rests a model for 5 s from the fifth fault in a row on', () => {
    expect(effectOf('fault', situation({ faults: 3 }))).toEqual({ model: { faults: 4 } });
    expect(effectOf('fault', situation({ faults: 4 }))).toEqual({ model: { faults: 5, coolForMs: 5_000 } });
    expect(effectOf('fault', situation({ faults: 5 }))).toEqual({ model: { faults: 6, coolForMs: 5_000 } });
    expect(effectOf('fault', situation({ faults: 5, cooling: true }))).toEqual({});
  });

  it('retires what cannot work any more', () => {
    expect(effectOf('dead', situation())).toEqual({ disable: 'dead' });
    expect(effectOf('no_credits', situation())).toEqual({ disable: 'no_credits' });
    expect(effectOf('not_permitted', situation())).toEqual({ model: { dead: true } });
  });

  it('does nothing for what is not the credential’s fault', () => {
    expect(effectOf('not_counted', situation({ coolingStep: 2, faults: 3 }))).toEqual({});
  });
});
