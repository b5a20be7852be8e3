// A service with two steps of shutdown. Its setting BEHAVIOUR says how it behaves otherwise.
import { once } from 'node:events';
import { readSettings, runService } from '@grok2api/service-kit';
import { z } from 'zod';

const settings = z.object({
  BEHAVIOUR: z.enum(['good', 'hangs', 'rejects', 'throws', 'fails', 'needs-settings', 'loses-launcher']),
});

if (process.env.BEHAVIOUR === 'loses-launcher') {
  // The launcher dies while this process still loads its modules.
  process.send('loading');
  await once(process, 'disconnect');
}

await runService('stand-in', async ({ env, log, shutdown }) => {
  const { BEHAVIOUR } = readSettings(settings, env);
  if (BEHAVIOUR === 'needs-settings') readSettings(z.object({ ONE: z.string(), TWO: z.string() }), env);
  if (BEHAVIOUR === 'fails') throw new Error('the start failed');
  const busy = setInterval(() => {}, 60_000);
  shutdown.add('first', () => {
    clearInterval(busy);
    log.info('step first');
  });
  shutdown.add('second', async () => {
    log.info('step second');
    if (BEHAVIOUR === 'hangs') await new Promise(() => {});
  });
  if (BEHAVIOUR === 'rejects') void Promise.reject(new Error('nobody caught this'));
  if (BEHAVIOUR === 'throws') setImmediate(() => JSON.parse('{'));
  log.info('started');
});
