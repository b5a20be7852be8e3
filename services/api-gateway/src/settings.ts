import { isIPv6 } from 'node:net';
import {
  booleanSetting,
  durationSetting,
  integerSetting,
  listSetting,
  readSettings,
  SettingsError,
  urlSetting,
} from '@grok2api/service-kit';
import { z } from 'zod';
import { isLoopbackHost } from './loopback.js';

const apiKeySchema = listSetting().transform((entries, context) => {
  const keys = entries.map((entry) => {
    const colon = entry.indexOf(':');
    return { name: entry.slice(0, colon), secret: entry.slice(colon + 1) };
  });
  // The entries are secrets: an error says which one, not what it is.
  keys.forEach(({ name, secret }, index) => {
    if (/^[\w.-]{1,64}$/.test(name) && secret.length >= 8) return;
    const message = `entry ${index + 1} must be name:secret, the name of letters, digits, ".", "_" or "-", the secret of 8 or more characters`;
    context.addIssue({ code: 'custom', message });
  });
  for (const part of ['name', 'secret'] as const) {
    if (new Set(keys.map((key) => key[part])).size < keys.length) {
      context.addIssue({ code: 'custom', message: `two entries have the same ${part}` });
    }
  }
  return keys;
});

const settingsSchema = z.object({
  HOST: z.string().default('127.0.0.1'),
  PORT: integerSetting({ max: 65_535 }).default(8000),
  NATS_URL: urlSetting(['nats:', 'tls:']),
  DATABASE_URL: urlSetting(['postgres:', 'postgresql:']),
  DATABASE_MAX_CONNECTIONS: integerSetting({ min: 1, max: 200 }).default(10),
  MEDIA_DIR: z.string(),
  MEDIA_TTL: durationSetting().default(86_400_000),
  API_KEYS: apiKeySchema.default([]),
  ALLOW_OPEN: booleanSetting().default(false),
  TASK_READS_REQUIRE_KEY: booleanSetting().default(false),
  CORS_ORIGINS: listSetting().default([]),
  PUBLIC_URL: urlSetting(['http:', 'https:']).optional(),
  TRUST_PROXY: z.string().optional(),
  FETCH_ALLOW: listSetting().default([]),
  JSON_BODY_MAX_MB: integerSetting({ min: 1, max: 200 }).default(20),
  PROMPT_MAX_CHARACTERS: integerSetting({ min: 1 }).default(32_000),
  EXPECTED_SERVICES: listSetting().default(['token-pool', 'video-worker']),
});

/** The gateway's settings, checked. */
export type GatewaySettings = z.infer<typeof settingsSchema>;

/** Reads the gateway's settings. @throws SettingsError listing every fault */
export function readGatewaySettings(env: NodeJS.ProcessEnv): GatewaySettings {
  const settings = readSettings(settingsSchema, env);
  const host = isIPv6(settings.HOST) ? `[${settings.HOST}]` : settings.HOST;
  if (settings.API_KEYS.length === 0 && !settings.ALLOW_OPEN && !isLoopbackHost(host)) {
    throw new SettingsError([
      `HOST is ${settings.HOST}, which others can reach, but no API_KEYS are set: set API_KEYS=name:secret, or ALLOW_OPEN=true`,
    ]);
  }
  return settings;
}
