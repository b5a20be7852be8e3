import type { Grant } from '@grok2api/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LocalGrant } from '../src/local-grant.js';
import { ALL_MODELS, type Return, Stock } from '../src/stock.js';

const LIFETIME_MS = 1_000;
let grants = 0;

function grant(changes: Partial<Grant> = {}): Grant {
  return {
    id: `grant_${grants++}`,
    credential: { id: 'cred_a', secret: 's', base_url: 'http://127.0.0.1:9/v1' },
    models: ['m'],
    slots: 1,
    counted: true,
    once: false,
    watched: [],
    expires_in_ms: LIFETIME_MS,
    ...changes,
  };
}

function of(id: string): Partial<Grant> {
  return { credential: { id, secret: 's', base_url: 'http://127.0.0.1:9/v1' } };
}

function stockOf(...given: Grant[]): Stock {
  const stock = new Stock();
  stock.add(given, ['m'], 0);
  return stock;
}

const WISH = { models: ['m'], avoid: [] };

describe('a stock', () => {
  it('hands out the grant that was used least recently', () => {
    const stock = stockOf(grant(of('a')), grant(of('b')), grant(of('c')));
    const used: string[] = [];
    for (let time = 1; time <= 6; time++) {
      const taken = stock.take(WISH, time);
      if (!taken) break;
      used.push(taken.credential.id);
      stock.release(taken);
    }
    expect(used).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
  });

  it('hands out nothing that cannot serve, is to be avoided, has no free slot or has ended', () => {
    const stock = stockOf(grant({ models: ['other'] }), grant(of('b')));
    expect(stock.take({ models: ['m'], avoid: ['b'] }, 1)).toBeUndefined();
    expect(stock.take(WISH, LIFETIME_MS)).toBeUndefined();
    expect(stock.take(WISH, 1)?.credential.id).toBe('b');
    expect(stock.take(WISH, 1)).toBeUndefined();
  });

  it('begins no call with what was barred while it was asked for', () => {
    const stock = new Stock();
    stock.bar('cred_a', ['m'], 5);
    stock.add([grant({ models: ['m', 'n'] })], ['m'], 4);
    expect(stock.take(WISH, 6)).toBeUndefined();
    expect(stock.take({ models: ['n'], avoid: [] }, 6)).toBeDefined();
    stock.add([grant()], ['m'], 6);
    expect(stock.take(WISH, 6)).toBeDefined();
  });

  it('gives back a barred slot when its call ends', () => {
    const stock = stockOf(grant({ slots: 3 }));
    const [first, second] = [stock.take(WISH, 1), stock.take(WISH, 1)];
    expect(stock.bar('cred_a', [ALL_MODELS], 2)).toMatchObject([{ keep: 2 }]);
    expect(first && stock.release(first)).toMatchObject({ keep: 1 });
    expect(second && stock.release(second)).toMatchObject({ keep: 0 });
    expect([...stock.grants]).toEqual([]);
  });

  it('uses a slot that is good for one call once', () => {
    const stock = stockOf(grant({ once: true }));
    const taken = stock.take(WISH, 1);
    expect(taken && stock.release(taken)).toMatchObject({ keep: 0 });
    expect(stock.take(WISH, 2)).toBeUndefined();
  });
});

type Step = { do: 'grant'; slots: number; counted: boolean } | { do: 'take' | 'release' | 'look' | 'wanted' | 'bar' };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('grant' as const),
        slots: fc.integer({ min: 1, max: 9 }),
        counted: fc.boolean(),
      }),
    },
    { weight: 12, arbitrary: fc.record({ do: fc.constantFrom('take', 'take', 'release', 'look' as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('wanted', 'bar' as const) }) },
  ),
  { maxLength: 80 },
);

describe('whatever happens to a stock', () => {
  it('never has more calls than slots that the pool counts, and loses no slot', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const stock = new Stock();
        /** The limited slots of each grant, as the pool knows them. */
        const counted = new Map<string, number>();
        const held: LocalGrant[] = [];
        const give = (returns: readonly (Return | undefined)[]) => {
          for (const each of returns) if (each) counted.set(each.id, each.keep);
        };
        let time = 0;
        for (const step of all) {
          time++;
          if (step.do === 'grant') {
            const given = grant({ slots: step.slots, counted: step.counted, expires_in_ms: 1_000_000 });
            stock.add([given], ['m'], time);
            if (step.counted) counted.set(given.id, step.slots);
          } else if (step.do === 'take') {
            const taken = stock.take(WISH, time);
            if (taken) held.push(taken);
          } else if (step.do === 'release') {
            const released = held.shift();
            if (released) give([stock.release(released)]);
          } else if (step.do === 'look') give(stock.surplus(time));
          else if (step.do === 'wanted') give(stock.allIdle(['m'], time));
          else give(stock.bar('cred_a', [ALL_MODELS], time));

          const local = new Map([...stock.grants].filter((each) => each.counted).map((each) => [each.id, each.slots]));
          for (const [id, slots] of counted) expect(local.get(id) ?? 0).toBe(slots);
          for (const { used, slots } of stock.grants) expect(used).toBeLessThanOrEqual(slots);
        }
        // Once all is quiet, nothing is kept that others could use.
        for (const released of held.splice(0)) give([stock.release(released)]);
        for (let look = 0; look < 2; look++) give(stock.surplus(++time));
        expect([...counted.values()].filter((slots) => slots > 0)).toEqual([]);
      }),
    );
  });
});
