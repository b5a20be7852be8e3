import { admit, WINDOW_MS, type WindowEntry } from '@grok2api/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RequestAllowance } from '../src/client-keys/request-allowance.js';

/** Some gateways, and the window in which the token pool counts for them all. */
class Gateways {
  now = 0;
  asked = 0;
  away = false;
  readonly used: WindowEntry[] = [];
  readonly gateways: RequestAllowance[];
  #entries: WindowEntry[] = [];

  constructor(
    readonly limit: number,
    count: number,
  ) {
    this.gateways = Array.from(
      { length: count },
      () => new RequestAllowance(limit, { ask: (n) => this.#ask(n), now: () => this.now, onAway: () => {} }),
    );
  }

  /** Sends requests to one gateway at once; resolves to how many were admitted. */
  async send(gateway: number, requests: number): Promise<number> {
    const allowance = this.gateways[gateway % this.gateways.length];
    const answers = await Promise.all(Array.from({ length: requests }, () => allowance?.take()));
    const admitted = answers.filter((answer) => answer?.admitted).length;
    this.used.push([this.now, admitted]);
    return admitted;
  }

  usedWithin(after: number, until: number): number {
    return this.used.reduce((sum, [at, count]) => (at > after && at <= until ? sum + count : sum), 0);
  }

  async #ask(count: number) {
    if (this.away) throw new Error('the token pool is away');
    this.asked++;
    const { admitted, remaining, retryAfterMs, resetMs, entries } = admit(this.#entries, this.limit, count, this.now);
    this.#entries = entries;
    return { admitted, remaining, retry_after_ms: retryAfterMs, reset_ms: resetMs };
  }
}

/** How long after the one before, to which gateway, and how many at once. */
const traffic = (longestWait: number) =>
  fc.array(fc.tuple(fc.integer({ min: 0, max: longestWait }), fc.nat(), fc.integer({ min: 1, max: 30 })), {
    maxLength: 80,
  });

describe('a limit below 120 a minute', () => {
  it('is kept exactly over any number of gateways: never exceeded, and nobody refused who has some left', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 119 }),
        fc.integer({ min: 1, max: 5 }),
        traffic(20_000),
        async (limit, count, sequence) => {
          const gateways = new Gateways(limit, count);
          for (const [wait, gateway, requests] of sequence) {
            gateways.now += wait;
            const left = limit - gateways.usedWithin(gateways.now - WINDOW_MS, gateways.now);
            expect(await gateways.send(gateway, requests)).toBe(Math.min(requests, left));
          }
        },
      ),
    );
  });
});

describe('a higher limit', () => {
  it('is exceeded by no more than what was admitted ahead, a tenth over ten gateways', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 120, max: 3_000 }), traffic(2_000), async (limit, sequence) => {
        const gateways = new Gateways(limit, 10);
        for (const [wait, gateway, requests] of sequence) {
          gateways.now += wait;
          await gateways.send(gateway, requests);
          expect(gateways.usedWithin(gateways.now - WINDOW_MS, gateways.now)).toBeLessThanOrEqual(limit * 1.1);
        }
      }),
    );
  });

  it('is reached within a tenth by a demand of twice as much, for a tenth of the asks', async () => {
    const gateways = new Gateways(6_000, 3);
    for (; gateways.now < WINDOW_MS; gateways.now += 15) {
      await gateways.send(gateways.now / 15, 3);
    }
    expect(gateways.usedWithin(0, WINDOW_MS)).toBeGreaterThan(5_400);
    expect(gateways.usedWithin(0, WINDOW_MS)).toBeLessThanOrEqual(6_000);
    expect(gateways.asked).toBeLessThan(600);
  });

  it('is not wasted by a client that asks seldom', async () => {
    const gateways = new Gateways(600, 50);
    for (let i = 0; i < 600; i++) {
      gateways.now += 100;
      expect(await gateways.send(i, 1)).toBe(1);
    }
  });
});

describe('a refusal', () => {
  it('asks nobody again until its time is over', async () => {
    const gateways = new Gateways(2, 1);
    const [allowance] = gateways.gateways;
    expect(await allowance?.take()).toEqual({ admitted: true, remaining: 1, retryAfterMs: 0, resetMs: WINDOW_MS });
    gateways.now = 10_000;
    expect(await allowance?.take()).toEqual({ admitted: true, remaining: 0, retryAfterMs: 50_000, resetMs: WINDOW_MS });
    gateways.now = 59_999;
    const refused = { admitted: false, remaining: 0, retryAfterMs: 1, resetMs: 10_001 };
    expect(await Promise.all([allowance?.take(), allowance?.take()])).toEqual([refused, refused]);
    expect(gateways.asked).toBe(2);
    gateways.now = WINDOW_MS;
    expect(await allowance?.take()).toMatchObject({ admitted: true });
  });

  it('is forgotten when the limit is changed', async () => {
    const gateways = new Gateways(1, 1);
    const [allowance] = gateways.gateways;
    if (!allowance) throw new Error('no gateway');
    expect([await gateways.send(0, 1), await gateways.send(0, 1)]).toEqual([1, 0]);
    allowance.limit = 2;
    await allowance.take();
    expect(gateways.asked).toBe(2);
  });
});

describe('while the token pool is away', () => {
  it('a gateway counts on its own, and asks once a second whether it is back', async () => {
    const gateways = new Gateways(5, 1);
    gateways.away = true;
    expect(await gateways.send(0, 9)).toBe(5);
    gateways.now = 500;
    expect(await gateways.send(0, 1)).toBe(0);
    gateways.away = false;
    gateways.now = 900;
    expect(await gateways.send(0, 1)).toBe(0);
    gateways.now = 1_000;
    expect(await gateways.send(0, 1)).toBe(1);
    expect(gateways.asked).toBe(1);
  });
});

describe('a look', () => {
  it('tells what is left without counting, and of a whole limit once nothing is counted any more', async () => {
    const [gateways, limit] = [new Gateways(5, 1), 5];
    const [allowance] = gateways.gateways;
    expect(allowance?.look()).toEqual({ admitted: true, remaining: limit, retryAfterMs: 0, resetMs: 0 });
    await gateways.send(0, 3);
    for (let n = 0; n < 3; n++) {
      expect(allowance?.look()).toEqual({ admitted: true, remaining: 2, retryAfterMs: 0, resetMs: WINDOW_MS });
    }
    await gateways.send(0, 2);
    gateways.now = WINDOW_MS - 1;
    expect(allowance?.look()).toEqual({ admitted: false, remaining: 0, retryAfterMs: 1, resetMs: 1 });
    gateways.now = WINDOW_MS;
    expect(allowance?.look()).toMatchObject({ admitted: true, remaining: limit });
  });
});
