import { NO_USAGE, USAGE_COUNTS } from '@grok2api/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PendingUsage } from '../src/pending-usage.js';

const names = fc.record({
  day: fc.constantFrom('2026-11-30', '2026-12-01'),
  credential_id: fc.constantFrom('cred_1', 'cred_2'),
  model: fc.constantFrom('a', 'a","b'),
  owner: fc.constantFrom('b', 'b","a'),
});
const counts = fc.record({ requests: fc.nat(1000), cost_ticks: fc.nat() }, { requiredKeys: [] });

describe('pending usage', () => {
  it('adds up to what was added, a row for each who, however it is taken', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(names, counts)), fc.integer({ min: 1, max: 10 }), (entries, batch) => {
        const pending = new PendingUsage(1000);
        for (const [key, added] of entries) expect(pending.add(key, added)).toBe(true);
        const rows = [];
        while (pending.size > 0) rows.push(...pending.take(batch));
        const keys = rows.map(({ day, credential_id, model, owner }) =>
          JSON.stringify([day, credential_id, model, owner]),
        );
        expect(new Set(keys).size).toBe(keys.length);
        for (const name of USAGE_COUNTS) {
          const sum = (all: readonly Partial<Record<string, unknown>>[]) =>
            all.reduce((total, each) => total + Number(each[name] ?? 0), 0);
          expect(sum(rows)).toBe(sum(entries.map(([, added]) => added)));
        }
      }),
    );
  });

  it('believes no nonsense, and no more than a thousand dollars of one call', () => {
    const pending = new PendingUsage(1);
    const key = { day: '2026-11-30', credential_id: 'cred_1', model: 'a', owner: 'b' };
    pending.add(key, { requests: 1, prompt_tokens: Number.NaN, images: -1, video_seconds: 1.4, cost_ticks: 1e300 });
    expect(pending.take(1)).toEqual([{ ...key, ...NO_USAGE, requests: 1, video_seconds: 1, cost_ticks: 1e13 }]);
  });

  it('takes no more rows than there is room for, and goes on adding to those it has', () => {
    const pending = new PendingUsage(1);
    const key = { day: '2026-11-30', credential_id: 'cred_1', model: 'a', owner: 'b' };
    expect(pending.add(key, { requests: 1 })).toBe(true);
    expect(pending.add({ ...key, owner: 'c' }, { requests: 1 })).toBe(false);
    expect(pending.add(key, { requests: 1 })).toBe(true);
    expect(pending.take(10)).toMatchObject([{ requests: 2 }]);
  });
});
