import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { applyMigrations } from '@grok2api/prisma-migrate';
import { databaseUrlSetting, readSettings, runService } from '@grok2api/service-kit';
import { z } from 'zod';

const prismaDir = join(dirname(fileURLToPath(import.meta.url)), '..', 'prisma');

await runService('migrate-tasks', async ({ env, log }) => {
  const settings = readSettings(z.object({ DATABASE_URL: databaseUrlSetting() }), env);
  await applyMigrations({ databaseUrl: settings.DATABASE_URL, schema: 'public', prismaDir, log });
});
