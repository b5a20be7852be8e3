// npm run test:faults: the set-up, then the tests that kill, stop and cut off parts of whole systems; arguments go to vitest.
import { main, runTool, setUp } from './setup.mjs';

await main(async () => {
  await setUp();
  process.exitCode = await runTool('vitest', 'vitest', [
    'run',
    '--config',
    'vitest.faults.config.ts',
    ...process.argv.slice(2),
  ]);
});
