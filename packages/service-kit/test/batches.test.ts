import { describe, expect, it } from 'vitest';
import { Batches, type BatchOptions } from '../src/index.js';

/** Batches whose work is over when the test says so. */
function controlled(options: BatchOptions) {
  const begun: { items: readonly number[]; end: (results: readonly number[]) => void; fail: (err: Error) => void }[] =
    [];
  const batches = new Batches<number, number>(
    (items) => new Promise((end, fail) => begun.push({ items, end, fail })),
    options,
  );
  return { batches, begun };
}

const nextTurn = () => new Promise(setImmediate);

describe('Batches', () => {
  it('takes together what comes together, and what comes meanwhile into the next', async () => {
    const { batches, begun } = controlled({ maxSize: 10 });
    const first = [batches.add(1), batches.add(2)];
    await nextTurn();
    const second = [batches.add(3), batches.add(4), batches.add(5)];
    expect(begun.map(({ items }) => items)).toEqual([[1, 2]]);
    begun[0]?.end([10, 20]);
    expect(await Promise.all(first)).toEqual([10, 20]);
    await nextTurn();
    begun[1]?.end([30, 40, 50]);
    expect(await Promise.all(second)).toEqual([30, 40, 50]);
    expect(begun.map(({ items }) => items)).toEqual([
      [1, 2],
      [3, 4, 5],
    ]);
  });

  it('makes no batch larger than allowed', async () => {
    const { batches, begun } = controlled({ maxSize: 2 });
    const all = [1, 2, 3].map((item) => batches.add(item));
    await nextTurn();
    begun[0]?.end([1, 2]);
    await all[1];
    await nextTurn();
    begun[1]?.end([3]);
    expect(await Promise.all(all)).toEqual([1, 2, 3]);
  });

  it('has as many under way as may be, and no more', async () => {
    const { batches, begun } = controlled({ maxSize: 10, parallel: 2 });
    const all: Promise<number>[] = [];
    for (const item of [1, 2, 3, 4]) {
      all.push(batches.add(item));
      await nextTurn();
    }
    expect(begun.map(({ items }) => items)).toEqual([[1], [2]]);
    begun[1]?.end([2]);
    await all[1];
    await nextTurn();
    expect(begun[2]?.items).toEqual([3, 4]);
    begun[0]?.end([1]);
    begun[2]?.end([3, 4]);
    expect(await Promise.all(all)).toEqual([1, 2, 3, 4]);
  });

  it('fails those of a batch that fails, and goes on', async () => {
    const { batches, begun } = controlled({ maxSize: 10 });
    const first = batches.add(1);
    await nextTurn();
    const second = batches.add(2);
    begun[0]?.fail(new Error('broken'));
    await expect(first).rejects.toThrow('broken');
    await nextTurn();
    begun[1]?.end([2]);
    expect(await second).toBe(2);
  });

  it('fails an item that the batch has no result for', async () => {
    const { batches, begun } = controlled({ maxSize: 10 });
    const all = [batches.add(1), batches.add(2)];
    await nextTurn();
    begun[0]?.end([1]);
    expect(await all[0]).toBe(1);
    await expect(all[1]).rejects.toThrow('no result');
  });
});
