import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Concurrency } from '../src/client-keys/concurrency.js';

/** The slots of one key, as the token pool gives them to gateways. */
class Slots {
  asked = 0;
  away = false;
  readonly #held = new Map<string, number>();

  constructor(public limit: number) {}

  gateway(name: string): Concurrency {
    return new Concurrency(this.limit, { hold: (slots) => this.#hold(name, slots), now: Date.now, onAway: () => {} });
  }

  get held(): number {
    return [...this.#held.values()].reduce((sum, slots) => sum + slots, 0);
  }

  async #hold(name: string, wanted: number) {
    // As long as a request to the token pool takes, about.
    await sleep(2);
    if (this.away) throw new Error('the token pool is away');
    this.asked++;
    this.#held.delete(name);
    const slots = Math.min(wanted, this.limit - this.held);
    this.#held.set(name, slots);
    return { slots, expires_in_ms: 10_000 };
  }
}

async function begun(concurrency: Concurrency): Promise<() => void> {
  const end = await concurrency.begin();
  if (!end) throw new Error('refused');
  return end;
}

describe('requests at a time', () => {
  it('never exceed the limit over several gateways, and come near it', async () => {
    const slots = new Slots(8);
    const gateways = ['a', 'b', 'c'].map((name) => slots.gateway(name));
    let inProgress = 0;
    let most = 0;
    let sum = 0;
    let samples = 0;
    const until = Date.now() + 1_500;
    const client = async (index: number) => {
      while (Date.now() < until) {
        const end = await gateways[index % 3]?.begin();
        if (!end) continue;
        inProgress++;
        most = Math.max(most, inProgress);
        await sleep(5 + Math.random() * 30);
        inProgress--;
        end();
      }
    };
    const watch = async () => {
      await sleep(300);
      while (Date.now() < until) {
        sum += inProgress;
        samples++;
        await sleep(5);
      }
    };
    await Promise.all([...Array.from({ length: 40 }, (_, index) => client(index)), watch()]);
    expect(most).toBe(8);
    expect(sum / samples).toBeGreaterThan(6);
  });

  it('of a client that sends one after the other, by turns to two gateways, are never refused', async () => {
    const slots = new Slots(1);
    const gateways = [slots.gateway('a'), slots.gateway('b')];
    for (let i = 0; i < 40; i++) {
      const end = await gateways[i % 2]?.begin();
      expect(end).toBeDefined();
      end?.();
    }
  });

  it('are refused beyond the limit after a moment, and admitted as soon as one ends', async () => {
    const gateway = new Slots(2).gateway('a');
    const [first] = [await begun(gateway), await begun(gateway)];
    expect(await gateway.begin()).toBeUndefined();
    const waiting = gateway.begin();
    first?.();
    // Ending twice frees nothing more.
    first?.();
    expect(await waiting).toBeDefined();
    expect(await gateway.begin()).toBeUndefined();
  });

  it('ask nobody under a steady load, where the limit is high, and give back what is idle', async () => {
    const slots = new Slots(100);
    const gateway = slots.gateway('a');
    const ends = await Promise.all(Array.from({ length: 10 }, () => begun(gateway)));
    const before = slots.asked;
    for (let i = 0; i < 200; i++) {
      ends.shift()?.();
      ends.push(await begun(gateway));
    }
    expect(slots.asked).toBe(before);
    for (const end of ends) end();
    await expect.poll(() => slots.held, { timeout: 3_000 }).toBe(0);
  });

  it('are counted by each gateway alone while the token pool is away', async () => {
    const slots = new Slots(2);
    slots.away = true;
    const gateway = slots.gateway('a');
    const ends = [await begun(gateway), await begun(gateway)];
    expect(await gateway.begin()).toBeUndefined();
    slots.away = false;
    await expect.poll(() => slots.held, { timeout: 3_000 }).toBe(2);
    for (const end of ends) end();
    await expect.poll(() => slots.held, { timeout: 3_000 }).toBe(0);
  });

  it('are given back at the end', async () => {
    const slots = new Slots(3);
    const gateway = slots.gateway('a');
    await begun(gateway);
    await gateway.close();
    expect(slots.held).toBe(0);
  });
});
