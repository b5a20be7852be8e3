import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { Hosts } from '../src/hosts.js';

const S = 1_000;
let now: number;
let hosts: Hosts;

beforeEach(() => {
  now = 1_000_000;
  hosts = new Hosts(4, () => now);
});

const roomOf = (host: string) => hosts.room().get(host) ?? 4;

function attempt(host: string, answered: boolean | undefined): void {
  hosts.begin(host);
  hosts.end(host, answered);
}

describe('a host', () => {
  it('has room up to the limit', () => {
    expect([...hosts.room()]).toEqual([]);
    for (let begun = 1; begun <= 4; begun++) {
      hosts.begin('a');
      expect(roomOf('a')).toBe(4 - begun);
    }
    expect(roomOf('b')).toBe(4);
    hosts.end('a', true);
    expect(roomOf('a')).toBe(1);
  });

  it('that is silent three times in a row is left alone, then sent one, for longer and longer', () => {
    attempt('a', false);
    attempt('a', false);
    expect(roomOf('a')).toBe(4);
    const rests: number[] = [];
    for (let rest = 0; rest < 7; rest++) {
      attempt('a', false);
      expect([hosts.rests('a'), roomOf('a')]).toEqual([true, 0]);
      const began = now;
      while (hosts.rests('a')) now += S;
      rests.push((now - began) / S);
      expect(roomOf('a')).toBe(1);
      hosts.begin('a');
      expect(roomOf('a')).toBe(0);
      hosts.end('a', undefined);
    }
    expect(rests).toEqual([15, 30, 60, 120, 240, 300, 300]);
  });

  it('that answers again is as any other', () => {
    for (let times = 0; times < 5; times++) {
      attempt('a', false);
      now += 60 * S;
    }
    attempt('a', true);
    expect([hosts.rests('a'), roomOf('a')]).toEqual([false, 4]);
    attempt('a', false);
    attempt('a', false);
    expect(roomOf('a')).toBe(4);
    attempt('a', false);
    now += 15 * S;
    expect(hosts.rests('a')).toBe(false);
  });

  it('is not judged by what is not asked of it, nor twice by what was sent together', () => {
    for (let times = 0; times < 10; times++) attempt('blocked', undefined);
    expect(roomOf('blocked')).toBe(4);
    for (let times = 0; times < 4; times++) hosts.begin('a');
    for (let times = 0; times < 4; times++) hosts.end('a', false);
    now += 15 * S;
    expect(hosts.rests('a')).toBe(false);
    expect(roomOf('a')).toBe(1);
  });

  it('is forgotten after a while', () => {
    for (let times = 0; times < 3; times++) attempt('a', false);
    now += 2 * 3_600 * S;
    expect([...hosts.room()]).toEqual([]);
  });
});

describe('any number of attempts', () => {
  const step = fc.record({
    host: fc.constantFrom('a', 'b'),
    waitMs: fc.nat({ max: 20 * S }),
    answered: fc.constantFrom(true, false, false, false, undefined),
    ends: fc.boolean(),
  });

  it('keep the limit of each host, and leave no host out for good', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        now = 0;
        hosts = new Hosts(3, () => now);
        const inFlight: Record<string, number> = { a: 0, b: 0 };
        for (const { host, waitMs, answered, ends } of steps) {
          now += waitMs;
          if (ends && (inFlight[host] ?? 0) > 0) {
            hosts.end(host, answered);
            inFlight[host] = (inFlight[host] ?? 0) - 1;
          } else if ((hosts.room().get(host) ?? 3) > 0) {
            hosts.begin(host);
            inFlight[host] = (inFlight[host] ?? 0) + 1;
          }
          expect(inFlight[host]).toBeLessThanOrEqual(3);
          for (const room of hosts.room().values()) expect(room).toBeGreaterThanOrEqual(0);
        }
        for (const [host, count] of Object.entries(inFlight)) for (let n = 0; n < count; n++) hosts.end(host, false);
        now += 300 * S;
        for (const host of ['a', 'b']) expect(hosts.room().get(host) ?? 3).toBeGreaterThan(0);
      }),
    );
  });
});
