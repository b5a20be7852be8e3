import { defineConfig } from 'vitest/config';

/** The tests of `npm run test:compose`: the system in containers, as an operator runs it. */
export default defineConfig({
  test: {
    include: ['test/compose/**/*.test.ts'],
    testTimeout: 300_000,
    // Images are built.
    hookTimeout: 1_800_000,
    fileParallelism: false,
    maxWorkers: 1,
    // Each goes on with what the one before has left.
    sequence: { concurrent: false },
    bail: 1,
  },
});
