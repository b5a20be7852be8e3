import { relative } from 'node:path';
import { configDefaults, defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that start whole systems take longest: they come first, so that none is left to itself at the end. */
class SystemsFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isOfSystem = ({ moduleId }: TestSpecification) => relative(import.meta.dirname, moduleId).startsWith('test/');
    return [...sorted.filter(isOfSystem), ...sorted.filter((file) => !isOfSystem(file))];
  }
}

export default defineConfig({
  test: {
    globalSetup: 'packages/testkit/src/servers/choose-servers.ts',
    include: ['packages/*/test/**/*.test.ts', 'services/*/test/**/*.test.ts', 'test/**/*.test.ts'],
    // These have commands of their own: npm run test:faults, npm run test:compose. What judges the records of faults is
    // tested with the rest.
    exclude: [...configDefaults.exclude, 'test/faults/*.test.ts', 'test/compose/**'],
    // Real servers and processes start in hooks and tests; a machine with two slow cores needs the time.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Tests wait for timeouts and restarts more than a third of their time: three files keep two cores busy.
    maxWorkers: 3,
    sequence: { sequencer: SystemsFirst },
  },
});
