import { upstreamSettings } from '@grok2api/grok-upstream';
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

/** The environment that the image service reads. */
export const settingsSchema = z.object({
  NATS_URL: natsUrlSetting().describe('Address of the NATS server, with user and password.'),
  DATABASE_URL: databaseUrlSetting().describe('Address of the Postgres database.'),
  ...mediaStoreSettings,
  ...workerSettings,
  ...fetchSettings,
  ...upstreamSettings,
  IMAGE_TIMEOUT_MS: integerSetting({ min: 1000, max: 3_600_000 })
    .prefault('120000')
    .describe('How long the upstream may take for the images of one request or task, in milliseconds.'),
  IMAGE_MAX_IN_FLIGHT: integerSetting({ min: 1, max: 10_000 })
    .prefault('50')
    .describe('Requests that one image service answers at a time; more are refused.'),
  IMAGE_WORKER_SLOTS: integerSetting({ min: 1, max: 1000 })
    .prefault('4')
    .describe('Image tasks that one image service works on at a time.'),
  CREDENTIAL_WAIT_MS: integerSetting({ max: 60_000 })
    .prefault('2000')
    .describe('How long a request waits for a credential while all are in use, in milliseconds.'),
});

/** The image service's settings, checked. */
export type ImageSettings = z.infer<typeof settingsSchema>;

/** Reads the image service's settings. @throws SettingsError listing every fault */
export function readImageSettings(env: NodeJS.ProcessEnv): ImageSettings {
  return readSettings(settingsSchema.superRefine(requireMediaStore).superRefine(refuseRacePoints), env);
}
