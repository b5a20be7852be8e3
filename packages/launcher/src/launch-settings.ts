import { resolve } from 'node:path';
import { integerSetting, readSettings, SettingsError, urlSetting } from '@grok2api/service-kit';
import { z } from 'zod';
import { LaunchError } from './launch-error.js';

const schema = z.object({
  DATA_DIR: z.string().default('.data'),
  PORT: integerSetting({ min: 1, max: 65_535 }).default(8000),
  HOST: z.string().optional(),
  NATS_URL: z.string().optional(),
  DATABASE_URL: urlSetting(['postgres:', 'postgresql:']).optional(),
  XAI_API_KEY: z.string().optional(),
  XAI_API_KEYS: z.string().optional(),
  XAI_BASE_URL: urlSetting(['http:', 'https:']).optional(),
  CREDENTIALS_KEY: z.string().optional(),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
      error: 'must be one of trace, debug, info, warn, error, fatal, silent',
    })
    .default('info'),
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
    logLevel: given.LOG_LEVEL,
  };
}

function settingsOf(env: NodeJS.ProcessEnv): z.infer<typeof schema> {
  try {
    return readSettings(schema, env);
  } catch (cause) {
    if (!(cause instanceof SettingsError)) throw cause;
    const [only, ...others] = cause.faults;
    if (others.length === 0) throw new LaunchError(`A setting is wrong: ${only}.`, { cause });
    throw new LaunchError('Some settings are wrong:', { cause, details: cause.faults });
  }
}
