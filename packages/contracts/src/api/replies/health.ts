import { z } from 'zod';

/** Reply of `GET /health`. */
export const healthReplySchema = z.object({
  status: z.enum(['ok', 'degraded']),
  /** Each part of the system by its name. */
  services: z.record(z.string(), z.enum(['ok', 'down'])),
});

/** Reply of `GET /healthz` and `GET /readyz`. */
export const processHealthReplySchema = z.object({ status: z.enum(['ok', 'not ready']) });
