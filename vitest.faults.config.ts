import { defineConfig } from 'vitest/config';

/** The tests of `npm run test:faults`: whole systems whose parts are killed, stopped and cut off. They take minutes. */
export default defineConfig({
  test: {
    globalSetup: 'packages/testkit/src/servers/choose-servers.ts',
    include: ['test/faults/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Each needs the machine for itself: what they assert includes times and memory.
    fileParallelism: false,
    maxWorkers: 1,
  },
});
