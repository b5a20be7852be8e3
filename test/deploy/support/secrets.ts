import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './manifests.js';

/** What `npm run secrets` makes, in a directory that goes with `remove`. */
export function makeSecrets(env: Record<string, string> = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'secrets-'));
  const [secrets, envFile] = [join(directory, 'secrets'), join(directory, '.env')];
  const run = (more: Record<string, string> = {}) =>
    execFileSync('sh', [join(ROOT, 'deploy/docker/secrets.sh')], {
      env: { PATH: process.env.PATH, SECRETS_DIR: secrets, SECRETS_ENV_FILE: envFile, ...env, ...more },
      encoding: 'utf8',
    });
  run();
  const names = readdirSync(secrets).sort();
  return { secrets, envFile, names, run, remove: () => rmSync(directory, { recursive: true }) };
}
