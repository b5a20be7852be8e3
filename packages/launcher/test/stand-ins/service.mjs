// A service that only runs, and prints which of the variables that concern it it was given.
import { runService } from '@grok2api/service-kit';

await runService('stand-in', async ({ env, log }) => {
  const given = ['NATS_URL', 'DATABASE_URL', 'XAI_API_KEY', 'CREDENTIALS_KEY', 'API_KEYS'].filter((name) => env[name]);
  log.info({ given }, 'given');
  setInterval(() => {}, 60_000);
});
