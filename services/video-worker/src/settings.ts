import { DEFAULT_PRESET_SUFFIXES } from '@grok2api/grok-upstream';
import { durationSetting, integerSetting, listSetting, readSettings, urlSetting } from '@grok2api/service-kit';
import { z } from 'zod';

const MB = 1_000_000;

const settingsSchema = z.object({
  NATS_URL: urlSetting(['nats:', 'tls:']),
  DATABASE_URL: urlSetting(['postgres:', 'postgresql:']),
  MEDIA_DIR: z.string(),
  MEDIA_TTL: durationSetting().default(86_400_000),
  TASK_RETENTION: durationSetting().default(7 * 86_400_000),
  VIDEO_WORKER_SLOTS: integerSetting({ min: 1, max: 1000 }).default(4),
  CLAIM_TTL_MS: integerSetting({ min: 500 }).default(15_000),
  QUEUE_DEADLINE_MS: integerSetting({ min: 1000 }).default(86_400_000),
  VIDEO_DEADLINE_MS: integerSetting({ min: 1000 }).default(900_000),
  RESULT_MAX_MB: integerSetting({ min: 1 })
    .default(500)
    .transform((mb) => mb * MB),
  FETCH_ALLOW: listSetting().default([]),
  PRESET_FUN_SUFFIX: z.string().default(DEFAULT_PRESET_SUFFIXES.fun),
  PRESET_SPICY_SUFFIX: z.string().default(DEFAULT_PRESET_SUFFIXES.spicy),
});

/** The video worker's settings, checked. */
export type VideoWorkerSettings = z.infer<typeof settingsSchema>;

/** Reads the video worker's settings. @throws SettingsError listing every fault */
export function readVideoWorkerSettings(env: NodeJS.ProcessEnv): VideoWorkerSettings {
  return readSettings(settingsSchema, env);
}
