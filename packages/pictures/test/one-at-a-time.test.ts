import fc from 'fast-check';
import { expect, it } from 'vitest';
import { OneAtATime } from '../src/one-at-a-time.js';

const signal = new AbortController().signal;

it('runs what is asked in order, one at a time, whatever fails or is left', async () => {
  const works = fc.array(fc.constantFrom('ends', 'fails', 'is left' as const), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(works, fc.scheduler(), async (kinds, scheduler) => {
      const gate = new OneAtATime();
      const begun: number[] = [];
      let running = 0;
      const outcomes = kinds.map((kind, index) => {
        const leaving = new AbortController();
        const outcome = gate.run(async () => {
          begun.push(index);
          expect(++running).toBe(1);
          await scheduler.schedule(Promise.resolve());
          running--;
          if (kind === 'fails') throw new Error(`${index}`);
          return index;
        }, leaving.signal);
        return { kind, outcome: Promise.allSettled([outcome]), leaving };
      });
      // The first one has begun, the others wait.
      for (const { kind, leaving } of outcomes.slice(1)) if (kind === 'is left') leaving.abort('left');
      await scheduler.waitFor(Promise.all(outcomes.map(({ outcome }) => outcome)));
      for (const [index, { kind, outcome }] of outcomes.entries()) {
        const [settled] = await outcome;
        if (kind === 'fails') expect(settled).toMatchObject({ reason: { message: `${index}` } });
        else if (kind === 'is left' && index > 0) expect(settled).toEqual({ status: 'rejected', reason: 'left' });
        else expect(settled).toEqual({ status: 'fulfilled', value: index });
      }
      expect(begun).toEqual([...kinds.keys()].filter((index) => index === 0 || kinds[index] !== 'is left'));
      // Nothing keeps the gate closed.
      expect(await gate.run(async () => 'free', signal)).toBe('free');
    }),
  );
});

it('does not begin what was left before it was asked', async () => {
  const gate = new OneAtATime();
  let begun = false;
  const asked = gate.run(async () => {
    begun = true;
  }, AbortSignal.abort('left'));
  await expect(asked).rejects.toBe('left');
  expect(begun).toBe(false);
});
