import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { appendFile, chmod, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../root.js';
import { tempDir } from '../temp-dir.js';
import { migrate } from './migrate.js';
import { startServer } from './start-server.js';
import type { DatabaseContent } from './test-server.js';

const TEMPLATES = join(ROOT, '.cache', 'test-databases');
/** Of a data directory of the launcher: the cluster, and the password that it was made with. */
const PARTS = ['postgres', 'postgres.password'];
/** What clusters of this content are made of, besides this file. */
const SOURCES = ['pnpm-lock.yaml', 'packages/task-store/prisma/migrations', 'services/token-pool/prisma/migrations'];

const run = promisify(execFile);

/**
 * Puts a database cluster into a data directory of the launcher, which then finds it there. It is the copy of one that
 * was made by the launcher and the migrations themselves, and is kept below `.cache/` until one of them changes.
 */
export async function copyDatabase(content: DatabaseContent, dataDir: string): Promise<void> {
  const template = join(TEMPLATES, `${content}-${await fingerprint()}`);
  if (!existsSync(template)) await makeTemplate(content, template);
  await copyParts(template, dataDir);
}

async function makeTemplate(content: DatabaseContent, template: string): Promise<void> {
  const directory = await tempDir();
  const unfinished = join(TEMPLATES, `unfinished-${randomUUID()}`);
  try {
    const postgres = await startServer('postgres', directory.path);
    try {
      if (content === 'migrated') await migrate(postgres.url);
    } finally {
      await postgres.pause();
    }
    // Tests kill servers, not machines: what the system's cache holds is as good as on the disk.
    await appendFile(join(directory.path, 'postgres', 'postgresql.conf'), '\nfsync = off\n');
    await mkdir(unfinished, { recursive: true });
    await copyParts(directory.path, unfinished);
    await chmod(unfinished, 0o755);
    await rename(unfinished, template).catch((err: unknown) => {
      // Another test file has made the same one meanwhile.
      if (!existsSync(template)) throw err;
    });
    await removeOutdated(content, template);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
    await directory.remove();
  }
}

// Run by root, the files belong to the server's own user: cp keeps that.
async function copyParts(from: string, to: string): Promise<void> {
  await run('cp', ['-a', ...PARTS.map((part) => join(from, part)), to]);
}

async function removeOutdated(content: DatabaseContent, template: string): Promise<void> {
  for (const name of await readdir(TEMPLATES)) {
    const path = join(TEMPLATES, name);
    if (name.startsWith(`${content}-`) && path !== template) await rm(path, { recursive: true, force: true });
  }
}

async function fingerprint(): Promise<string> {
  const hash = createHash('sha256').update(await readFile(new URL(import.meta.url)));
  for (const source of SOURCES) {
    for (const path of await filesOf(join(ROOT, source))) hash.update(path).update(await readFile(path));
  }
  return hash.digest('hex').slice(0, 16);
}

async function filesOf(path: string): Promise<string[]> {
  if (!path.endsWith('migrations')) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
