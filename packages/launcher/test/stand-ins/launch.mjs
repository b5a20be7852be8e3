// A launcher of stand-ins, as a process of its own that a test can kill. Arguments: DATA_DIR PORT [EXTRA_ENTRY].
import { fileURLToPath } from 'node:url';
import { LaunchError } from '../../dist/launch-error.js';
import { readLaunchSettings } from '../../dist/launch-settings.js';
import { jsonOutput } from '../../dist/logs/log-output.js';
import { System } from '../../dist/system.js';
import { onToldToStop } from '../../dist/told-to-stop.js';

const [dataDir, port, extra] = process.argv.slice(2);
const root = fileURLToPath(new URL('.', import.meta.url));
const env = { PATH: process.env.PATH, API_KEYS: 'me:secret', CREDENTIALS_KEY: 'key', DATA_DIR: dataDir, PORT: port };
const row = (name, entry, wave, grants) => ({ name, entry, replicas: 'one', grants, wave, expected: false });
const services = [
  row('token-pool', 'service.mjs', 1, ['bus', 'database', 'upstream']),
  { ...row('video-worker', 'service.mjs', 2, ['bus', 'database']), replicas: 'video-workers', expected: true },
  row('api-gateway', 'gateway.mjs', 2, ['client-keys', 'gateway-address']),
];
if (extra) services.push(row('extra', extra, 1, []));

const system = new System({
  root,
  cacheDir: fileURLToPath(new URL('../../../../.cache', import.meta.url)),
  settings: { ...readLaunchSettings(env, root), upstream: 'xai' },
  env,
  services,
  migrations: ['migration.mjs'],
  videoWorkers: 2,
  output: jsonOutput((text) => process.stdout.write(text)),
});
const stop = new AbortController();
onToldToStop(
  () => stop.abort(),
  () => system.kill(),
);
try {
  await system.start(stop.signal);
  process.stdout.write('READY\n');
  await system.run(stop.signal);
} catch (err) {
  if (!stop.signal.aborted) {
    process.stderr.write(`${err.message} ${err instanceof LaunchError ? err.details.join(' ') : ''}\n`);
    process.exitCode = 1;
  }
}
await system.stop();
