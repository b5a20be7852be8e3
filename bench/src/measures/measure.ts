import type { Row } from '../report/row.js';

/** How long and how often things are measured. */
export interface Effort {
  /** Of one contestant in one round, in seconds. */
  seconds: number;
  rounds: number;
}

/** Starts what it needs, measures, and stops it again. */
export type Measure = (effort: Effort, log: (line: string) => void) => Promise<Row[]>;
