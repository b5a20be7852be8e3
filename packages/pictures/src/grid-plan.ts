const MAX_GRIDS = 3;
/** Longest side of a grid, in pixels. */
const GRID_SIDE = 2048;
/** Between two cells, in pixels. */
const GAP = 16;

/** Where the cells of a grid are, in pixels. */
export interface GridLayout {
  width: number;
  height: number;
  /** Side of every cell; they are squares. */
  cellSide: number;
  /** Upper left corner of each cell, in reading order. */
  cells: Array<{ left: number; top: number }>;
}

/**
 * Spreads pictures over at most three grids, in order and as evenly as can be. The later grids are the fuller ones:
 * what comes first is usually what it is all about, and shows best where it has most room.
 */
export function spreadOverGrids<Item>(items: readonly Item[]): Item[][] {
  const grids = Math.min(items.length, MAX_GRIDS);
  const begin = (grid: number) => Math.floor((grid * items.length) / grids);
  return Array.from({ length: grids }, (_, grid) => items.slice(begin(grid), begin(grid + 1)));
}

/** The cells of a grid for this many pictures, as near to a square as they get. */
export function layOutGrid(count: number): GridLayout {
  const columns = Math.ceil(Math.sqrt(count));
  const rows = Math.ceil(count / columns);
  // There are never more rows than columns.
  const cellSide = Math.floor((GRID_SIDE - GAP * (columns - 1)) / columns);
  const along = (cells: number) => cells * (cellSide + GAP) - GAP;
  return {
    width: along(columns),
    height: along(rows),
    cellSide,
    cells: Array.from({ length: count }, (_, index) => ({
      left: (index % columns) * (cellSide + GAP),
      top: Math.floor(index / columns) * (cellSide + GAP),
    })),
  };
}
