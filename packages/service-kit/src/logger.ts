import { type DestinationStream, pino } from 'pino';
import { activeTraceId } from './tracing/spans.js';
import { CENSOR, withoutSecrets } from './without-secrets.js';

export type Logger = pino.Logger;

export interface LoggerOptions {
  service: string;
  /** Which of several processes of this service it is. */
  instance: string;
  level: string;
  destination?: DestinationStream;
  /** Told of each line by its level. */
  onLine?: (level: string) => void;
}

/**
 * What looks like a secret wherever it stands, in an error's message too: keys of xAI and of this system, webhook
 * secrets, what an Authorization header carries, the password in a URL.
 */
const SECRET_TEXTS =
  /\b(?:xai|sk)-[\w-]{16,}|\bwhsec_[\w+/=]{16,}|(?<=\bBearer )[\w.~+/=-]{8,}|(?<=\b\w+:\/\/[^:@/\s"]*:)[^@/\s"]+(?=@)/g;

/**
 * A pino logger that writes one JSON line an event, with service and instance on each, the trace it belongs to where there
 * is one, and secrets removed.
 */
export function createLogger(options: LoggerOptions): Logger {
  const { onLine } = options;
  const settings: pino.LoggerOptions = {
    level: options.level,
    base: { service: options.service, instance: options.instance },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: {
      level: (label) => ({ level: label }),
      // An error has to come to its serializer as what it is.
      log: ({ err, ...fields }) => (err === undefined ? withoutSecrets(fields) : { err, ...withoutSecrets(fields) }),
    },
    mixin: () => {
      const traceId = activeTraceId();
      return traceId === undefined ? {} : { trace_id: traceId };
    },
    hooks: {
      streamWrite: (line) => line.replaceAll(SECRET_TEXTS, CENSOR),
      ...(onLine && {
        logMethod(args, method, level) {
          onLine(pino.levels.labels[level] ?? String(level));
          method.apply(this, args);
        },
      }),
    },
    serializers: { err: (err) => withoutSecrets(pino.stdSerializers.errWithCause(err)) },
  };
  const logger = pino(settings, options.destination ?? standardOutput());
  // Formatters do not see what loggers below this one are bound to.
  const { child } = logger;
  logger.child = function (this: Logger, bindings, childOptions) {
    return child.call(this, withoutSecrets(bindings), childOptions);
  } as Logger['child'];
  return logger;
}

/** Standard output, written to once in each turn of the event loop: a write costs more than a line. */
function standardOutput(): DestinationStream & { flushSync: () => void } {
  // Synchronous: a process whose reader is gone must be able to end, and its last lines must be out before it does.
  const output = pino.destination({ fd: 1, sync: true });
  let waiting = '';
  const flush = () => {
    process.off('exit', flush);
    const lines = waiting;
    waiting = '';
    if (lines !== '') output.write(lines);
  };
  return {
    write: (line) => {
      if (waiting === '') {
        setImmediate(flush);
        process.once('exit', flush);
      }
      waiting += line;
    },
    // Called by pino for a fatal line, which has to be out before the process ends.
    flushSync: flush,
  };
}
