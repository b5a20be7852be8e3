import { integerSetting, listSetting } from '@grok2api/service-kit';
import { z } from 'zod';

/** The environment that the simulator reads. */
export const settingsSchema = z.object({
  HOST: z.string().prefault('127.0.0.1').describe('Address the simulator listens on.'),
  PORT: integerSetting({ max: 65_535 }).prefault('0').describe('Port the simulator listens on; 0 takes any free one.'),
  DATA_DIR: z.string().prefault('.data').describe('The simulator keeps its files below `simulator/` in here.'),
  SIMULATOR_VIDEO_MS: integerSetting({})
    .prefault('8000')
    .describe('How long the simulator takes for a video, in milliseconds.'),
  SIMULATOR_IMAGE_MS: integerSetting({})
    .prefault('1500')
    .describe('How long the simulator takes for a call that makes images, in milliseconds.'),
  SIMULATOR_TOKEN_MS: integerSetting({})
    .prefault('20')
    .describe('How long the simulator takes for a token of a chat answer, in milliseconds.'),
  SIMULATOR_URL_TTL_MS: integerSetting({})
    .prefault('86400000')
    .describe("How long the simulator's result URLs work, in milliseconds; those of images ten minutes at most."),
  SIMULATOR_KEYS: listSetting()
    .optional()
    .describe('The only keys the simulator takes; without it every key is good that does not begin with `invalid`.'),
});

export type SimulatorSettings = z.infer<typeof settingsSchema>;
