import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { newWebhookSecret } from '@grok2api/contracts';
import type { LaunchSettings } from './launch-settings.js';
import { freeLoopbackPort } from './ports.js';
import { randomPassword, readOrCreateSecret } from './secret-file.js';
import type { SystemValues } from './service-environment.js';

/** In the data directory: the key of the admin API, where none is set. */
export const ADMIN_KEY_FILE = 'admin.key';

/** What services are told, with the keys and the ports that the launcher keeps in the data directory. */
export async function systemValues(
  settings: LaunchSettings,
  found: Pick<SystemValues, 'natsUrl' | 'databaseUrl' | 'expectedServices'>,
): Promise<SystemValues> {
  const { dataDir } = settings;
  const mediaDir = join(dataDir, 'media');
  await mkdir(mediaDir, { recursive: true, mode: 0o700 });
  return {
    ...found,
    dataDir,
    mediaDir,
    logLevel: settings.logLevel,
    credentialsKey: settings.credentialsKey ?? (await credentialsKey(dataDir)),
    callbackSecret: settings.callbackSecret ?? (await callbackSecret(dataDir)),
    consoleSecret:
      settings.consoleSecret ?? (await readOrCreateSecret(join(dataDir, 'console.secret'), randomPassword)),
    adminKey: settings.adminKey ?? (await readOrCreateSecret(join(dataDir, ADMIN_KEY_FILE), randomPassword)),
    gatewayPort: settings.port,
    gatewayHost: settings.host,
    simulatorPort: settings.upstream === 'simulator' ? await simulatorPort(dataDir) : undefined,
  };
}

function credentialsKey(dataDir: string): Promise<string> {
  return readOrCreateSecret(join(dataDir, 'credentials.key'), () => randomBytes(32).toString('base64'));
}

function callbackSecret(dataDir: string): Promise<string> {
  return readOrCreateSecret(join(dataDir, 'callback.secret'), () => newWebhookSecret(randomBytes));
}

// Jobs that the simulator began before a stop are asked for at its address after it: the same port when possible.
async function simulatorPort(dataDir: string): Promise<number> {
  const path = join(dataDir, 'simulator.port');
  const earlier = Number(await readFile(path, 'utf8').catch(() => ''));
  const port = await freeLoopbackPort(Number.isInteger(earlier) && earlier > 0 ? earlier : undefined);
  await writeFile(path, `${port}\n`);
  return port;
}
