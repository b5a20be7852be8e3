/** One line of the table: what was measured, what came out, and whether that is what was to be reached. */
export interface Row {
  measure: string;
  goal: string;
  result: string;
  reached: boolean;
  /** Everything that was measured for it, as it is kept. */
  raw: unknown;
}

/** A number as the table shows it: three digits that count. */
export function shown(value: number): string {
  if (!Number.isFinite(value)) return 'none';
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}
