// What scripts write of the code: with --check nothing is written, and a file that is out of date fails.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { root } from './setup.mjs';

/** What the file has, by its path from the root; nothing when it is not there. */
export function present(file) {
  try {
    return readFileSync(join(root, file), 'utf8');
  } catch (err) {
    if (err.code !== 'ENOENT') throw err;
    return '';
  }
}

/** Writes a file, by its path from the root, where it is not so already; with --check it only says so. */
export function generate(file, text) {
  if (present(file) === text) return;
  if (process.argv.includes('--check')) {
    console.error(`${file} is out of date: run node scripts/${basename(process.argv[1])}`);
    process.exitCode = 1;
    return;
  }
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
}
