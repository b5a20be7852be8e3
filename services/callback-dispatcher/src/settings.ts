import { webhookSecretSchema } from '@grok2api/contracts';
import { fetchSettings } from '@grok2api/safe-fetch';
import {
  databaseUrlSetting,
  durationSetting,
  integerSetting,
  listSetting,
  natsUrlSetting,
} from '@grok2api/service-kit';
import { z } from 'zod';
import type { SigningSecrets } from './signature.js';

const settings = z.object({
  NATS_URL: natsUrlSetting().describe('Address of the NATS server, with user and password.'),
  DATABASE_URL: databaseUrlSetting().describe('Address of the Postgres database.'),
  ...fetchSettings,
  CALLBACK_SECRET: listSetting()
    .transform((secrets, context): SigningSecrets => {
      const [current, previous, ...more] = secrets;
      const valid = secrets.every((secret) => webhookSecretSchema.safeParse(secret).success);
      if (current !== undefined && more.length === 0 && valid) return { current, previous };
      // The value is a secret: it is not repeated.
      const message = 'must be whsec_ and 24 to 64 bytes in base64, or two of these separated by a comma';
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    })
    .describe('Secret that callbacks are signed with; two of them, the new one first, while one replaces the other.'),
  CALLBACK_SCHEDULE: listSetting()
    .pipe(z.array(durationSetting()).min(1))
    .refine((times) => times.every((time, index) => time > (times[index - 1] ?? -1)), {
      error: 'must be lengths of time that rise',
    })
    .prefault('0s,5s,30s,2m,10m,30m,2h,6h,12h,24h')
    .describe(
      'When a callback is attempted, from the end of its task, until it is delivered. Another one is for tests: with `NODE_ENV=production` it is refused.',
    ),
  CALLBACK_TIMEOUT_MS: integerSetting({ min: 100, max: 600_000 })
    .prefault('15000')
    .describe('How long the receiver of a callback may take to answer, in milliseconds.'),
  CALLBACK_CONCURRENCY: integerSetting({ min: 1, max: 10_000 })
    .prefault('64')
    .describe('Callbacks that one dispatcher delivers at a time.'),
  CALLBACK_HOST_CONCURRENCY: integerSetting({ min: 1, max: 10_000 })
    .prefault('4')
    .describe('Callbacks that one dispatcher delivers to one host at a time.'),
  NODE_ENV: z.string().optional().describe('`production` refuses settings that are for tests.'),
  CALLBACK_RETENTION: durationSetting()
    .prefault('7d')
    .describe('How long is kept what became of a callback that was delivered or given up.'),
});

/** The schedule that receivers are promised. */
const PROMISED = settings.shape.CALLBACK_SCHEDULE.parse(undefined).join();

/** The environment that the dispatcher reads. */
export const settingsSchema = settings.refine(
  ({ NODE_ENV, CALLBACK_SCHEDULE }) => NODE_ENV !== 'production' || CALLBACK_SCHEDULE.join() === PROMISED,
  { path: ['CALLBACK_SCHEDULE'], error: 'is for tests: in production it is the one that receivers are promised' },
);
