import { describe, expect, it } from 'vitest';
import { Solitude } from '../src/solitude.js';

/** Work that goes on until it is asked to leave. */
function longWork() {
  let leave = () => {};
  const left = new Promise<void>((resolve) => {
    leave = resolve;
  });
  return { work: () => left, leave };
}

describe('solitude', () => {
  it('asks those at work to leave, and those too who were let in before and begin after', async () => {
    const solitude = new Solitude();
    const [first, late] = [longWork(), longWork()];
    const atWork: string[] = ['first'];
    const begun = solitude.beside(first.work, first.leave).then(() => atWork.shift());
    await solitude.open();
    const alone = solitude.alone(async () => {
      expect(atWork).toEqual([]);
      // It leaves at once: else this would wait for ever.
      await solitude.beside(late.work, late.leave);
    });
    await Promise.all([begun, alone]);
  });

  it('lets nobody begin until it is over, and lets those who want it have it one after the other', async () => {
    const solitude = new Solitude();
    const order: string[] = [];
    const [first, second] = [longWork(), longWork()];
    const both = [
      solitude.alone(async () => {
        order.push('first begins');
        await first.work();
        order.push('first ends');
      }),
      solitude.alone(async () => {
        order.push('second begins');
        await second.work();
      }),
    ];
    const opened = solitude.open().then(() => order.push('open'));
    first.leave();
    second.leave();
    await Promise.all([...both, opened]);
    expect(order).toEqual(['first begins', 'first ends', 'second begins', 'open']);
  });
});
