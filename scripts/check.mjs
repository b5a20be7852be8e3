// npm run check: style, types of the tests, unused code, layering, documented settings, errors and metrics. Every check runs, also after one that failed.
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

/** What is written down by a script, which also tells whether it is up to date. */
const GENERATED = [
  ['the documented settings', 'settings-table.mjs'],
  ['the documented errors', 'error-docs.mjs'],
  ['the documented metrics', 'metrics-docs.mjs'],
  ['the dashboards', 'dashboards.mjs'],
];

await main(async () => {
  await setUp();
  const failed = [];
  for (const [name, packageName, command, args] of CHECKS) {
    console.error(`grok2api: checking ${name}`);
    if ((await runTool(packageName, command, args)) !== 0) failed.push(name);
  }
  for (const [name, script] of GENERATED) {
    console.error(`grok2api: checking ${name}`);
    const checked = spawnSync(process.execPath, [join(root, 'scripts', script), '--check'], { stdio: 'inherit' });
    if (checked.status !== 0) failed.push(name);
  }
  if (failed.length === 0) return;
  console.error(`grok2api: failed: ${failed.join(', ')}`);
  process.exitCode = 1;
});
