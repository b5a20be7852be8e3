// A service that finds its settings wrong when it is told to, with SIGUSR2.
import { once } from 'node:events';
import { runService, SettingsError } from '@grok2api/service-kit';

await runService('bad-setting-later', async () => {
  const stayAlive = setInterval(() => {}, 60_000);
  const told = once(process, 'SIGUSR2');
  process.stdout.write('waiting to be told\n');
  await told;
  clearInterval(stayAlive);
  throw new SettingsError(['COLOUR must be blue']);
});
