import { LOG_LEVELS } from '@grok2api/contracts';
import { z } from 'zod';
import { integerSetting, urlSetting } from './settings.js';

/** The ops port of each service, where nothing else is set and it is free. */
const OPS_PORTS: Readonly<Record<string, number>> = {
  'api-gateway': 9401,
  chat: 9402,
  image: 9403,
  'video-worker': 9404,
  'token-pool': 9405,
  'callback-dispatcher': 9406,
  simulator: 9407,
};

/** The ops port of a service, where nothing else is set; undefined for what has none, such as a migration. */
export function standardOpsPort(service: string): number | undefined {
  return OPS_PORTS[service];
}

/** The environment that every service reads, besides its own. */
export const settingsSchema = z.object({
  INSTANCE: z
    .string()
    .optional()
    .describe('Name of the process, unique among its likes; without it its service, host and pid.'),
  LOG_LEVEL: z
    .enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(', ')}` })
    .prefault('info')
    .describe('Least level of the lines in the log.'),
  OPS_HOST: z
    .string()
    .prefault('127.0.0.1')
    .describe('Address of the port for operators: `/healthz`, `/readyz`, `/metrics`, `/log-level`.'),
  OPS_PORT: integerSetting({ max: 65_535 })
    .optional()
    .describe(
      `That port; 0 is any free one. Without it ${Object.entries(OPS_PORTS)
        .map(([service, port]) => `${port} for ${service}`)
        .join(', ')}, or any free one where that is taken. The log says which.`,
    ),
  OTEL_EXPORTER_OTLP_ENDPOINT: urlSetting(['http:', 'https:'])
    .optional()
    .describe(
      'Where traces are sent by OTLP over HTTP, such as `http://collector:4318`; without it none are made. Other `OTEL_` variables count too.',
    ),
});
