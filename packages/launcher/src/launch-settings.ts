import { resolve } from 'node:path';
import {
  databaseUrlSetting,
  integerSetting,
  natsUrlSetting,
  processSettingsSchema,
  readSettings,
  SettingsError,
  urlSetting,
} from '@grok2api/service-kit';
import { z } from 'zod';
import { LaunchError } from './launch-error.js';

/** The environment that the launcher reads. */
export const settingsSchema = z.object({
  DATA_DIR: z.string().prefault('.data').describe('Directory of everything that outlives a stop.'),
  PORT: integerSetting({ min: 1, max: 65_535 }).prefault('8000').describe('Port the gateway listens on.'),
  HOST: z.string().optional().describe('Address the gateway listens on; 0.0.0.0 for every network.'),
  NATS_URL: natsUrlSetting().optional().describe('Address of the NATS server; without it one is started.'),
  DATABASE_URL: databaseUrlSetting()
    .optional()
    .describe('Address of the Postgres database; without it one is started.'),
  XAI_API_KEY: z.string().optional().describe("xAI's API key; without any the simulator is the upstream."),
  XAI_API_KEYS: z.string().optional().describe('Several of them, separated by commas.'),
  XAI_BASE_URL: urlSetting(['http:', 'https:']).optional().describe('Base URL of the upstream, with `/v1`.'),
  CREDENTIALS_KEY: z
    .string()
    .optional()
    .describe('Key that encrypts the credentials in the database; without it one is made in DATA_DIR.'),
  CALLBACK_SECRET: z
    .string()
    .optional()
    .describe(
      'Secret that callbacks are signed with, `whsec_…`; without it one is made in DATA_DIR. While it is being replaced: the new one, a comma, the old one.',
    ),
  CONSOLE_SECRET: z
    .string()
    .optional()
    .describe(
      'Secret that sessions of the console are sealed with, the same for all gateways; without it one is made in DATA_DIR. A gateway without one knows only the sessions that it began itself.',
    ),
  ADMIN_KEY: z
    .string()
    .optional()
    .describe('Key of the admin API; without it one is made in DATA_DIR. A gateway without one has no admin API.'),
  LOG_LEVEL: processSettingsSchema.shape.LOG_LEVEL,
});

/** What the launcher itself reads from the environment; services read the rest on their own. */
export interface LaunchSettings {
  /** Absolute path of everything that outlives a stop. */
  dataDir: string;
  port: number;
  /** Address the gateway listens on; undefined leaves it to the gateway. */
  host: string | undefined;
  /** NATS and Postgres servers to use instead of starting own ones. */
  natsUrl: string | undefined;
  databaseUrl: string | undefined;
  /** Where tasks are really sent; undefined means the simulator. */
  upstream: 'xai' | 'simulator';
  upstreamUrl: string | undefined;
  credentialsKey: string | undefined;
  callbackSecret: string | undefined;
  consoleSecret: string | undefined;
  adminKey: string | undefined;
  logLevel: string;
}

/**
 * Reads the launcher's settings. A relative `DATA_DIR` counts from `root`.
 * @throws LaunchError listing every fault
 */
export function readLaunchSettings(env: NodeJS.ProcessEnv, root: string): LaunchSettings {
  const given = settingsOf(env);
  return {
    dataDir: resolve(root, given.DATA_DIR),
    port: given.PORT,
    host: given.HOST,
    natsUrl: given.NATS_URL,
    databaseUrl: given.DATABASE_URL,
    upstream: given.XAI_API_KEY || given.XAI_API_KEYS ? 'xai' : 'simulator',
    upstreamUrl: given.XAI_BASE_URL,
    credentialsKey: given.CREDENTIALS_KEY,
    callbackSecret: given.CALLBACK_SECRET,
    consoleSecret: given.CONSOLE_SECRET,
    adminKey: given.ADMIN_KEY,
    logLevel: given.LOG_LEVEL,
  };
}

function settingsOf(env: NodeJS.ProcessEnv): z.infer<typeof settingsSchema> {
  try {
    return readSettings(settingsSchema, env);
  } catch (cause) {
    if (!(cause instanceof SettingsError)) throw cause;
    const [only, ...others] = cause.faults;
    if (others.length === 0) throw new LaunchError(`A setting is wrong: ${only}.`, { cause });
    throw new LaunchError('Some settings are wrong:', { cause, details: cause.faults });
  }
}
