import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * The secret kept in the file `path`, made by `make` the first time. Only the file's owner can read it.
 */
export async function readOrCreateSecret(path: string, make: () => string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  try {
    await writeFile(path, `${make()}\n`, { mode: 0o600, flag: 'wx', flush: true });
  } catch (err) {
    // It exists: what it holds is the secret.
    if (!(err instanceof Error && 'code' in err && err.code === 'EEXIST')) throw err;
  }
  return (await readFile(path, 'utf8')).trim();
}

/** A password that needs no escaping in a URL or a configuration file. */
export function randomPassword(): string {
  return randomBytes(24).toString('hex');
}
