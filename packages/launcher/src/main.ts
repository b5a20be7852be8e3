import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadEnvFile } from 'node:process';
import { fileURLToPath } from 'node:url';
import { createLogger, withSettingFiles } from '@grok2api/service-kit';
import { HELP, parseArguments } from './arguments.js';
import { gatewayBase } from './gateway-base.js';
import { LaunchError } from './launch-error.js';
import { readLaunchSettings, settingsSchema } from './launch-settings.js';
import { jsonOutput, prettyOutput } from './logs/log-output.js';
import { MIGRATIONS, SERVICES } from './services.js';
import { System } from './system.js';
import { ADMIN_KEY_FILE } from './system-values.js';
import { onToldToStop } from './told-to-stop.js';
import { welcome } from './welcome.js';

async function main(): Promise<void> {
  const args = parseArguments(process.argv.slice(2));
  if (args.help) {
    process.stdout.write(HELP);
    return;
  }
  const root = fileURLToPath(new URL('../../..', import.meta.url));
  const envFile = join(root, '.env');
  if (existsSync(envFile)) loadEnvFile(envFile);
  const settings = readLaunchSettings(process.env, root);
  // Which service gets which of them goes by their own names.
  const { env } = withSettingFiles(Object.keys(settingsSchema.shape), process.env);

  // Whoever read the output has gone, as after `npm start | head`: the system runs on.
  process.stdout.on('error', () => {});
  const print = (text: string) => process.stdout.write(text);
  const output = process.stdout.isTTY ? prettyOutput(print) : jsonOutput(print);
  const log = createLogger({
    service: 'launcher',
    instance: 'launcher',
    level: settings.logLevel,
    destination: output,
  });
  if (settings.upstream === 'simulator' && settings.upstreamUrl !== undefined) {
    log.warn('XAI_BASE_URL is not used without XAI_API_KEY: the simulator is the upstream');
  }

  const system = new System({
    root,
    cacheDir: join(root, '.cache'),
    settings,
    env,
    services: SERVICES,
    migrations: MIGRATIONS,
    videoWorkers: args.videoWorkers,
    output,
  });
  const stop = new AbortController();
  onToldToStop(
    (why) => {
      log.info({ why }, 'stopping');
      stop.abort();
    },
    () => {
      system.kill();
      process.exit(1);
    },
  );

  try {
    await system.start(stop.signal);
    const upstream = settings.upstream === 'xai' ? (settings.upstreamUrl ?? 'xAI') : undefined;
    const { dataDir } = settings;
    const adminKey = settings.adminKey === undefined ? join(dataDir, ADMIN_KEY_FILE) : 'ADMIN_KEY';
    print(welcome({ base: gatewayBase(settings, 'localhost'), upstream, dataDir, adminKey }));
    await system.run(stop.signal);
  } catch (err) {
    if (!stop.signal.aborted) throw err;
  } finally {
    await system.stop();
  }
  log.info('stopped, the data is kept');
}

function explain(err: unknown): string {
  if (err instanceof LaunchError) return [err.message, ...err.details.map((line) => `  ${line}`)].join('\n');
  if (err instanceof Error && 'code' in err && (err.code === 'EACCES' || err.code === 'EROFS')) {
    return `The data directory cannot be used (${err.message}): start as its owner, or choose another DATA_DIR.`;
  }
  return err instanceof Error ? (err.stack ?? err.message) : String(err);
}

try {
  await main();
  process.exit(0);
} catch (err) {
  process.stderr.write(`grok2api: ${explain(err)}\n`);
  process.exit(1);
}
