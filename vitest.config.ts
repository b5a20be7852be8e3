import { configDefaults, defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    globalSetup: 'packages/testkit/src/servers/choose-servers.ts',
    include: ['packages/*/test/**/*.test.ts', 'services/*/test/**/*.test.ts', 'test/**/*.test.ts'],
    // These have commands of their own: npm run test:faults, npm run test:compose.
    exclude: [...configDefaults.exclude, 'test/faults/**', 'test/compose/**'],
    // Real servers and processes start in hooks and tests; a machine with two slow cores needs the time.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
});
