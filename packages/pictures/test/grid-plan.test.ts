import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type GridLayout, layOutGrid, spreadOverGrids } from '../src/grid-plan.js';

describe('pictures spread over grids', () => {
  it('are all there, once each and in order, in at most three grids, the later ones the fuller', () => {
    fc.assert(
      fc.property(fc.array(fc.anything(), { maxLength: 16 }), (items) => {
        const grids = spreadOverGrids(items);
        expect(grids.flat(1)).toEqual(items);
        expect(grids.length).toBe(Math.min(3, items.length));
        const sizes = grids.map((grid) => grid.length);
        expect(Math.max(0, ...sizes)).toBeLessThanOrEqual(6);
        expect(sizes).toEqual(sizes.toSorted((one, other) => one - other));
        if (sizes.length > 0) expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it.each([
    [1, [1]],
    [3, [1, 1, 1]],
    [4, [1, 1, 2]],
    [7, [2, 2, 3]],
    [16, [5, 5, 6]],
  ])('%d of them', (count, sizes) => {
    expect(spreadOverGrids(Array.from({ length: count })).map((grid) => grid.length)).toEqual(sizes);
  });
});

describe('the cells of a grid', () => {
  const counts = fc.integer({ min: 1, max: 6 });

  it('are as many as there are pictures, within it, apart, and in reading order', () => {
    fc.assert(
      fc.property(counts, (count) => {
        const { width, height, cellSide, cells } = layOutGrid(count);
        expect(cells.length).toBe(count);
        for (const [index, { left, top }] of cells.entries()) {
          expect(left).toBeGreaterThanOrEqual(0);
          expect(top).toBeGreaterThanOrEqual(0);
          expect(left + cellSide).toBeLessThanOrEqual(width);
          expect(top + cellSide).toBeLessThanOrEqual(height);
          for (const other of cells.slice(index + 1)) {
            const below = other.top >= top + cellSide + 16;
            const right = other.top === top && other.left >= left + cellSide + 16;
            expect(below || right).toBe(true);
          }
        }
      }),
    );
  });

  it('make a grid that is nearly square, hardly larger than they are and never too large', () => {
    fc.assert(
      fc.property(counts, (count) => {
        const { width, height, cellSide, cells } = layOutGrid(count);
        expect(Math.max(width, height)).toBeLessThanOrEqual(2048);
        expect(Math.max(width, height)).toBeGreaterThan(2048 - 3);
        const columns = new Set(cells.map(({ left }) => left)).size;
        const rows = new Set(cells.map(({ top }) => top)).size;
        expect(columns - rows).toBeGreaterThanOrEqual(0);
        expect(columns - rows).toBeLessThanOrEqual(1);
        expect([width, height]).toEqual([columns, rows].map((number) => number * (cellSide + 16) - 16));
      }),
    );
  });

  it('of three', () => {
    expect(layOutGrid(3)).toEqual<GridLayout>({
      width: 2048,
      height: 2048,
      cellSide: 1016,
      cells: [
        { left: 0, top: 0 },
        { left: 1032, top: 0 },
        { left: 0, top: 1032 },
      ],
    });
  });
});
