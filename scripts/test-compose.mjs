// npm run test:compose: the set-up, then the tests that build the images, run docker compose and use the system; arguments go to vitest.
import { main, runTool, setUp } from './setup.mjs';

await main(async () => {
  await setUp();
  process.exitCode = await runTool('vitest', 'vitest', [
    'run',
    '--config',
    'vitest.compose.config.ts',
    ...process.argv.slice(2),
  ]);
});
