import { DEFAULT_PRESET_SUFFIXES, upstreamSettings } from '@grok2api/grok-upstream';
import { mediaStoreSettings, requireMediaStore } from '@grok2api/media-store';
import { fetchSettings } from '@grok2api/safe-fetch';
import {
  databaseUrlSetting,
  integerSetting,
  natsUrlSetting,
  readSettings,
  refuseRacePoints,
} from '@grok2api/service-kit';
import { workerSettings } from '@grok2api/task-engine';
import { z } from 'zod';

/** The environment that the video worker reads. */
export const settingsSchema = z.object({
  NATS_URL: natsUrlSetting().describe('Address of the NATS server, with user and password.'),
  DATABASE_URL: databaseUrlSetting().describe('Address of the Postgres database.'),
  ...mediaStoreSettings,
  ...workerSettings,
  VIDEO_WORKER_SLOTS: integerSetting({ min: 1, max: 1000 })
    .prefault('4')
    .describe('Tasks that one video worker works on at a time.'),
  VIDEO_DEADLINE_MS: integerSetting({ min: 1000 })
    .prefault('900000')
    .describe('How long the upstream may take for a video, in milliseconds.'),
  RESULT_MAX_MB: integerSetting({ min: 1 })
    .prefault('500')
    .describe('Largest result file that is fetched from the upstream, in megabytes.'),
  ...fetchSettings,
  ...upstreamSettings,
  PRESET_FUN_SUFFIX: z
    .string()
    .prefault(DEFAULT_PRESET_SUFFIXES.fun)
    .describe('What the preset `fun` adds to the prompt.'),
  PRESET_SPICY_SUFFIX: z
    .string()
    .prefault(DEFAULT_PRESET_SUFFIXES.spicy)
    .describe('What the preset `spicy` adds to the prompt.'),
});

/** The video worker's settings, checked. */
export type VideoWorkerSettings = z.infer<typeof settingsSchema>;

/** Reads the video worker's settings. @throws SettingsError listing every fault */
export function readVideoWorkerSettings(env: NodeJS.ProcessEnv): VideoWorkerSettings {
  return readSettings(settingsSchema.superRefine(requireMediaStore).superRefine(refuseRacePoints), env);
}
