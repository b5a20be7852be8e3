import fc from 'fast-check';

/** How long each part of the fuzzing takes: moments among the other tests, minutes with `npm run test:fuzz`. */
const FUZZ_SECONDS = Number(process.env.FUZZ_SECONDS ?? 3);
/** Repeats what was found. */
const FUZZ_SEED =
  process.env.FUZZ_SEED === undefined ? Math.trunc(Math.random() * 2 ** 31) : Number(process.env.FUZZ_SEED);

const RUNS_A_ROUND = 4;
/** What one round takes on a busy machine, and making a failure small. */
const ROUND_MS = 30_000;

/** For vitest: with what it takes besides, under load. */
export const FUZZ_TIMEOUT_MS = FUZZ_SECONDS * 1000 + 2 * ROUND_MS;

/**
 * Asserts a property over and over for `FUZZ_SECONDS`, in rounds: one at least, however slow the machine. fast-check's own
 * limit of time would fail where it passes during the first run.
 */
export async function assertForSeconds(property: fc.IAsyncProperty<unknown>): Promise<void> {
  const until = Date.now() + FUZZ_SECONDS * 1000;
  for (let seed = FUZZ_SEED; ; seed++) {
    await fc.assert(property, { numRuns: RUNS_A_ROUND, seed, interruptAfterTimeLimit: ROUND_MS });
    if (Date.now() >= until) return;
  }
}
