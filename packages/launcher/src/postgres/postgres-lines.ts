import type { Logger } from '@grok2api/service-kit';

const LINE = /^(?<tag>[A-Z]+):\s+(?<message>.*)$/;
const LEVELS: Readonly<Record<string, 'warn' | 'error' | 'fatal'>> = {
  WARNING: 'warn',
  // Of one statement: whoever sent it knows, and says what it means.
  ERROR: 'warn',
  // Of one connection, or of the start.
  FATAL: 'error',
  PANIC: 'fatal',
};

/** Logs a line of the Postgres server (`LOG:  text`) at its level; what it says of its own running is debug. */
export function logPostgresLine(log: Logger, line: string): void {
  const { tag = '', message = line } = LINE.exec(line)?.groups ?? {};
  log[LEVELS[tag] ?? 'debug'](message);
}
