import { type DestinationStream, pino } from 'pino';

export type Logger = pino.Logger;

export interface LoggerOptions {
  service: string;
  /** Which of several processes of this service it is. */
  instance: string;
  level: string;
  destination?: DestinationStream;
}

const SECRET_FIELDS = ['secret', 'password', 'authorization', 'apiKey', 'api_key', 'credentialsKey'];

/** A pino logger that writes one JSON line an event, with service and instance on each and secrets removed. */
export function createLogger(options: LoggerOptions): Logger {
  const settings: pino.LoggerOptions = {
    level: options.level,
    base: { service: options.service, instance: options.instance },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]), censor: '[redacted]' },
    serializers: { err: pino.stdSerializers.errWithCause },
  };
  // Synchronous: a process whose reader is gone must be able to end, and its last lines must be out before it does.
  return pino(settings, options.destination ?? pino.destination({ fd: 1, sync: true }));
}
