// npm run bench [measure …]: the set-up, the contestants' packages, then the measures. BENCH_SECONDS and BENCH_ROUNDS say
// how long and how often each is measured; --short is for continuous integration.
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { main, root, runTool, setUp } from './setup.mjs';

const bench = join(root, 'bench');
const changedAt = (path) => statSync(join(bench, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
const run = (command, args, options) => {
  const { status } = spawnSync(command, args, { stdio: 'inherit', ...options });
  return status ?? 1;
};

await main(async () => {
  await setUp();
  if (changedAt('node_modules/.package-lock.json') <= changedAt('package-lock.json')) {
    const options = ['--ignore-scripts', '--no-audit', '--no-fund'];
    process.exitCode = run('npm', ['ci', ...options], { cwd: bench });
    if (process.exitCode !== 0) return;
  }
  process.exitCode = await runTool('typescript', 'tsc', ['-p', 'bench']);
  if (process.exitCode !== 0) return;
  process.exitCode = run(process.execPath, [join(bench, 'dist/main.js'), ...process.argv.slice(2)]);
});
