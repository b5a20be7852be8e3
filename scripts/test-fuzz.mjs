// npm run test:fuzz: the set-up, then ten minutes of hostile requests and messages (FUZZ_SECONDS for each of five parts,
// FUZZ_SEED to repeat what was found); arguments go to vitest.
import { main, runTool, setUp } from './setup.mjs';

process.env.FUZZ_SECONDS ||= '120';

await main(async () => {
  await setUp();
  const options = ['--no-file-parallelism', 'test/fuzz'];
  process.exitCode = await runTool('vitest', 'vitest', ['run', ...options, ...process.argv.slice(2)]);
});
