import { durationSetting, integerSetting, racePointSettings } from '@grok2api/service-kit';
import { TASK_RACE_POINTS } from './race-points.js';

/** The settings that all workers have: a part of the settings of each. */
export const workerSettings = {
  MEDIA_TTL: durationSetting().prefault('24h').describe('How long the file of a result or an upload is kept.'),
  TASK_RETENTION: durationSetting().prefault('7d').describe('How long the row of an ended task is kept.'),
  CLAIM_TTL_MS: integerSetting({ min: 500 })
    .prefault('15000')
    .describe('How long a task stays with a worker that is silent, in milliseconds.'),
  OWNER_MAX_RUNNING: integerSetting({ max: 1_000_000 })
    .prefault('0')
    .describe('Tasks of a kind and client key that all workers together work on at a time; 0 is no limit.'),
  QUEUE_DEADLINE_MS: integerSetting({ min: 1000 })
    .prefault('86400000')
    .describe('How long a task may wait for its begin, in milliseconds.'),
  ...racePointSettings(TASK_RACE_POINTS),
};
