import { readSettings, runService } from '@grok2api/service-kit';
import { announceListening } from './announce-listening.js';
import { serviceMetrics } from './metrics.js';
import { settingsSchema } from './settings.js';
import { startSimulator } from './simulator.js';

await runService('simulator', async ({ env, log, metrics, shutdown }) => {
  const settings = readSettings(settingsSchema, env);
  const simulator = await startSimulator(settings, { log, http: serviceMetrics(metrics).http, now: Date.now });
  shutdown.add('simulator', () => simulator.close());
  log.info({ port: simulator.port, url: simulator.url }, 'listening');
  announceListening(simulator.port);
});
