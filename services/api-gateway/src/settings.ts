import { isIPv6 } from 'node:net';
import { mediaStoreSettings, requireMediaStore } from '@grok2api/media-store';
import { fetchSettings } from '@grok2api/safe-fetch';
import {
  booleanSetting,
  databaseUrlSetting,
  durationSetting,
  integerSetting,
  listSetting,
  natsUrlSetting,
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

/** The environment that the gateway reads. */
export const settingsSchema = z.object({
  HOST: z.string().prefault('127.0.0.1').describe('Address the gateway listens on; 0.0.0.0 for every network.'),
  PORT: integerSetting({ max: 65_535 }).prefault('8000').describe('Port the gateway listens on.'),
  NATS_URL: natsUrlSetting().describe('Address of the NATS server, with user and password.'),
  DATABASE_URL: databaseUrlSetting().describe('Address of the Postgres database.'),
  DATABASE_MAX_CONNECTIONS: integerSetting({ min: 1, max: 200 })
    .prefault('10')
    .describe('Connections of one gateway to the database.'),
  ...mediaStoreSettings,
  MEDIA_CACHE_MAX_MB: integerSetting({ min: 1 })
    .prefault('1024')
    .describe('Size of the cache that a gateway keeps of media in MEDIA_STORE, in megabytes.'),
  MEDIA_TTL: durationSetting().prefault('24h').describe('How long the file of a result or an upload is kept.'),
  API_KEYS: apiKeySchema
    .prefault('')
    .describe(
      'Client keys, `name:secret` separated by commas. Without any, and until the admin API has made one, the server is open, on loopback only.',
    ),
  ADMIN_KEY: z
    .string()
    .regex(/^[\x21-\x7e]{8,}$/, { error: 'must be 8 or more printable ASCII characters without blanks' })
    .optional()
    .describe('Key of the admin API; without it one is made in DATA_DIR. A gateway without one has no admin API.'),
  CONSOLE_SECRET: z
    .string()
    .min(16, { error: 'must have 16 or more characters' })
    .optional()
    .describe(
      'Secret that sessions of the console are sealed with, the same for all gateways; without it one is made in DATA_DIR. A gateway without one knows only the sessions that it began itself.',
    ),
  ALLOW_OPEN: booleanSetting().prefault('false').describe('Lets a server without keys serve other hosts too.'),
  TASK_READS_REQUIRE_KEY: booleanSetting()
    .prefault('false')
    .describe('Asks for a key also where one task is read by its id.'),
  CORS_ORIGINS: listSetting()
    .prefault('*')
    .describe(
      'Origins of web pages that may use this server, `*` for all; without keys only those named, and loopback ones.',
    ),
  PUBLIC_URL: urlSetting(['http:', 'https:'])
    .optional()
    .describe('Beginning of the URLs given out; without it the origin that the request used.'),
  TRUST_PROXY: z
    .string()
    .optional()
    .describe('Whose X-Forwarded headers count: `true`, a number of hops, or addresses separated by commas.'),
  FETCH_ALLOW: fetchSettings.FETCH_ALLOW,
  HEADERS_TIMEOUT_MS: integerSetting({ min: 100, max: 600_000 })
    .prefault('15000')
    .describe('How long a client may take to send the headers of a request, in milliseconds.'),
  REQUEST_TIMEOUT_MS: integerSetting({ min: 100, max: 3_600_000 })
    .prefault('300000')
    .describe('How long a client may take to send a whole request, in milliseconds.'),
  MAX_CONNECTIONS: integerSetting({ min: 1 })
    .prefault('20000')
    .describe('Connections of clients that one gateway holds; further ones are closed.'),
  BODIES_MAX_MB: integerSetting({ min: 1 })
    .prefault('256')
    .describe(
      'Room in one gateway for JSON bodies of requests that are not answered yet, in megabytes; without any left, requests of more than a few kilobytes are refused for the moment.',
    ),
  JSON_BODY_MAX_MB: integerSetting({ min: 1, max: 200 }).prefault('20').describe('Largest JSON body, in megabytes.'),
  MAX_PENDING_PER_KEY: integerSetting({ min: 1 })
    .prefault('10000')
    .describe('Unfinished tasks that one client key may have.'),
  PROMPT_MAX_CHARACTERS: integerSetting({ min: 1 }).prefault('32000').describe('Longest prompt of a media route.'),
  CHAT_DEADLINE_MS: integerSetting({ min: 1000, max: 3_600_000 })
    .prefault('600000')
    .describe(
      'How long a client waits for the beginning of a chat completion unless it says so itself (`x-stainless-timeout`), in milliseconds.',
    ),
  VIDEO_CONTENT_FORMAT: z
    .enum(['html', 'url', 'markdown'], { error: 'must be html, url or markdown' })
    .prefault('html')
    .describe('How a video is shown in the text of a chat completion: `html`, `url` or `markdown`.'),
  EXPECTED_SERVICES: listSetting()
    .prefault('token-pool,video-worker,chat,image,callback-dispatcher')
    .describe('Services that have to answer for `/health` to be good.'),
});

/** The gateway's settings, checked. */
export type GatewaySettings = z.infer<typeof settingsSchema>;

/** Reads the gateway's settings. @throws SettingsError listing every fault */
export function readGatewaySettings(env: NodeJS.ProcessEnv): GatewaySettings {
  const settings = readSettings(settingsSchema.superRefine(requireMediaStore), env);
  const { HEADERS_TIMEOUT_MS, REQUEST_TIMEOUT_MS } = settings;
  // Node's own server throws for it.
  if (REQUEST_TIMEOUT_MS < HEADERS_TIMEOUT_MS) {
    throw new SettingsError([
      `REQUEST_TIMEOUT_MS is ${REQUEST_TIMEOUT_MS}, less than HEADERS_TIMEOUT_MS, which is ${HEADERS_TIMEOUT_MS}`,
    ]);
  }
  const host = isIPv6(settings.HOST) ? `[${settings.HOST}]` : settings.HOST;
  if (settings.API_KEYS.length === 0 && !settings.ALLOW_OPEN && !isLoopbackHost(host)) {
    throw new SettingsError([
      `HOST is ${settings.HOST}, which others can reach, but no API_KEYS are set: set API_KEYS=name:secret, or ALLOW_OPEN=true`,
    ]);
  }
  return settings;
}
