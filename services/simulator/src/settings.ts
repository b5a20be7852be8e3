import { integerSetting, listSetting, urlSetting } from '@grok2api/service-kit';
import { z } from 'zod';

const DAY_MS = 24 * 60 * 60 * 1000;

/** The simulator's settings, by the names of their environment variables. */
export const settingsSchema = z.object({
  HOST: z.string().default('127.0.0.1'),
  /** 0 takes any free port. */
  PORT: integerSetting({ max: 65_535 }).default(0),
  /** Files go below `simulator/` in this directory. */
  DATA_DIR: z.string().default('.data'),
  /** Origin of the result URLs; without it they have the origin the caller used. */
  PUBLIC_URL: urlSetting(['http:', 'https:']).optional(),
  /** How long the making of a video takes, in milliseconds. */
  SIMULATOR_VIDEO_MS: integerSetting({}).default(8000),
  /** How long the URL of a video works, in milliseconds from the end of its making. */
  SIMULATOR_URL_TTL_MS: integerSetting({}).default(DAY_MS),
  /** The only good keys; without it every key is good that does not begin with `invalid`. */
  SIMULATOR_KEYS: listSetting().optional(),
});

export type SimulatorSettings = z.infer<typeof settingsSchema>;
