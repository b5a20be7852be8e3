/** Whether this is the short run that continuous integration makes. */
export const SHORT = process.env.FAULTS_SHORT === '1';

/** A number of the run: one for all that there is, one for the short run, or what a setting says. */
export function scaled(full: number, short: number, setting?: string): number {
  const set = setting === undefined ? undefined : process.env[setting];
  if (set === undefined || set === '') return SHORT ? short : full;
  const value = Number(set);
  if (!Number.isFinite(value) || value <= 0) throw new Error(`${setting} must be a number above 0, not ${set}`);
  return value;
}
