import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { ROOT } from './manifests.js';

/** The services, by the folders that they have. */
export const SERVICES = readdirSync(join(ROOT, 'services')).sort();

/** Variables that something else than a setting's schema reads. */
const OF_LIBRARIES = /^(AWS|OTEL)_/;

/** Names of the settings that a service reads, those of every process included. */
export async function settingsOf(service: string): Promise<Set<string>> {
  const names = await Promise.all(
    [`services/${service}/dist/settings.js`, 'packages/service-kit/dist/process-settings.js'].map(async (path) => {
      const module: unknown = await import(pathToFileURL(join(ROOT, path)).href);
      const { settingsSchema } = z.object({ settingsSchema: z.instanceof(z.ZodObject) }).parse(module);
      return Object.keys(settingsSchema.shape);
    }),
  );
  return new Set(names.flat());
}

/** Which of these variables the service does not read, neither themselves nor as files. */
export async function strangersTo(service: string, variables: readonly string[]): Promise<string[]> {
  const known = await settingsOf(service);
  return variables.filter((name) => {
    return !known.has(name) && !known.has(name.replace(/_FILE$/, '')) && !OF_LIBRARIES.test(name);
  });
}
