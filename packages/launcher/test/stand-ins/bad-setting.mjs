// A service that finds its settings wrong.
import { runService, SettingsError } from '@grok2api/service-kit';

await runService('bad-setting', async () => {
  throw new SettingsError(['COLOUR must be blue']);
});
