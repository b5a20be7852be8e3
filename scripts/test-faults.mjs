// npm run test:faults: the set-up, then the tests that kill, stop and cut off parts of whole systems; arguments go to vitest.
// --short: a selection, scaled down, for continuous integration.
import { main, runTool, setUp } from './setup.mjs';

const SHORT = ['a-killed-at-race-points', 'f-cut-off', 'h-delivered-twice', 'r-callbacks'];

await main(async () => {
  await setUp();
  const args = process.argv.slice(2).filter((arg) => arg !== '--short');
  const short = args.length < process.argv.length - 2;
  if (short) process.env.FAULTS_SHORT = '1';
  process.exitCode = await runTool('vitest', 'vitest', [
    'run',
    '--config',
    'vitest.faults.config.ts',
    ...(short ? SHORT.map((name) => `test/faults/${name}.test.ts`) : []),
    ...args,
  ]);
});
