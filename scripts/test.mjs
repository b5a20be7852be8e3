// npm test: the set-up, then every test; arguments go to vitest.
import { main, runTool, setUp } from './setup.mjs';

await main(async () => {
  await setUp();
  process.exitCode = await runTool('vitest', 'vitest', ['run', ...process.argv.slice(2)]);
});
