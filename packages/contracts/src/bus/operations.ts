import { z } from 'zod';
import type { Rpc } from './rpc.js';
import type { Topic } from './topic.js';

/** From the most to say to nothing at all. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const logLevelSchema = z.object({
  level: z.enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(', ')}` }),
});

/** One value of a metric of `docs/metrics.md`: histograms have a `_sum` and a `_count`, and leave out their buckets. */
const metricSampleSchema = z.object({
  name: z.string(),
  labels: z.record(z.string(), z.string()),
  value: z.number(),
});
export type MetricSample = z.infer<typeof metricSampleSchema>;

const metricsSnapshotSchema = z.object({
  service: z.string(),
  /** Name of the process among its likes. */
  instance: z.string(),
  /** When the values were read, in milliseconds since 1970. */
  at: z.number(),
  samples: z.array(metricSampleSchema),
});
export type MetricsSnapshot = z.infer<typeof metricsSnapshotSchema>;

/** Asks one process for its metrics, by its service and the id that it has in the NATS services protocol. */
export function metricsOf(service: string, id: string) {
  return {
    subject: `grok.ops.${service}.${id}.metrics`,
    service,
    request: z.object({}),
    reply: metricsSnapshotSchema,
  } satisfies Rpc<z.ZodType, z.ZodType>;
}

/** Sets the log level of every process of a service, until it ends. */
export function logLevelOf(service: string) {
  return { subject: `grok.ops.${service}.log-level`, event: logLevelSchema } satisfies Topic<z.ZodType>;
}
