/** How long each part of the fuzzing takes: a few seconds among the other tests, minutes with `npm run test:fuzz`. */
export const FUZZ_SECONDS = Number(process.env.FUZZ_SECONDS ?? 3);

/** For vitest: what it takes besides, under load. */
export const FUZZ_TIMEOUT_MS = FUZZ_SECONDS * 1000 + 60_000;

/** Options of fast-check: as many runs as the time allows. `FUZZ_SEED` repeats what was found. */
export const FUZZ_OPTIONS = {
  numRuns: 1_000_000,
  interruptAfterTimeLimit: FUZZ_SECONDS * 1000,
  ...(process.env.FUZZ_SEED ? { seed: Number(process.env.FUZZ_SEED) } : {}),
};
