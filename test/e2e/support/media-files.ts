import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestSystem } from '@grok2api/testkit';

/** The names of everything in a system's media store, finished or not. */
export async function mediaFiles(system: TestSystem): Promise<string[]> {
  const entries = await readdir(join(system.dataDir, 'media'), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}
