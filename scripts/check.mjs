// npm run check: style, types of the tests, unused code, layering, documented settings. Every check runs, also after one that failed.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { main, root, runTool, setUp } from './setup.mjs';

const compiled = ['packages', 'services'].flatMap((group) =>
  readdirSync(join(root, group))
    .map((name) => `${group}/${name}/dist`)
    .filter((path) => existsSync(join(root, path))),
);

const CHECKS = [
  ['style', '@biomejs/biome', 'biome', ['check', '.']],
  ['types of the tests', 'typescript', 'tsc', ['-p', 'tsconfig.test.json']],
  ['unused code', 'knip', 'knip', []],
  ['layering', 'dependency-cruiser', 'depcruise', ['--config', '.dependency-cruiser.cjs', ...compiled]],
];

await main(async () => {
  await setUp();
  const failed = [];
  for (const [name, packageName, command, args] of CHECKS) {
    console.error(`grok2api: checking ${name}`);
    if ((await runTool(packageName, command, args)) !== 0) failed.push(name);
  }
  console.error('grok2api: checking the documented settings');
  const table = spawnSync(process.execPath, [join(root, 'scripts/settings-table.mjs'), '--check'], {
    stdio: 'inherit',
  });
  if (table.status !== 0) failed.push('the documented settings');
  if (failed.length === 0) return;
  console.error(`grok2api: failed: ${failed.join(', ')}`);
  process.exitCode = 1;
});
