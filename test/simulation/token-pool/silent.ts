import { createLogger } from '@grok2api/service-kit';

/** What goes wrong in a simulation goes wrong by thousands. */
export const silent = createLogger({ service: 'simulation', instance: 'simulation', level: 'silent' });
