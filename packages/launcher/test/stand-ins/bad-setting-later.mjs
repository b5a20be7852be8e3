// A service that finds its settings wrong when it is told to, with SIGUSR2.
import { once } from 'node:events';
import { runService, SettingsError } from '@grok2api/service-kit';

await runService('bad-setting-later', async () => {
  const stayAlive = setInterval(() => {}, 60_000);
  await once(process, 'SIGUSR2');
  clearInterval(stayAlive);
  throw new SettingsError(['COLOUR must be blue']);
});
