import type { Logger } from '@grok2api/service-kit';

type Level = 'debug' | 'warn' | 'error' | 'fatal';

const LINE = /^\[\d+\] \d{4}\/\d\d\/\d\d [\d:.]+ \[(?<tag>[A-Z]{3})\] (?<message>.*)$/;
const LEVELS: Readonly<Record<string, Level>> = { WRN: 'warn', ERR: 'error', FTL: 'fatal' };

// The configuration holds a password as it is; the file is for its owner's eyes only.
const EXPECTED_WARNING = /Plaintext passwords detected/;

/**
 * Logs a line of nats-server (`[pid] date time [INF] text`) at its level. What the server calls information
 * tells about itself, not about this system's work: that is debug here.
 */
export function logNatsLine(log: Logger, line: string): void {
  const { tag = '', message = line } = LINE.exec(line)?.groups ?? {};
  const level = EXPECTED_WARNING.test(message) ? 'debug' : (LEVELS[tag] ?? 'debug');
  log[level](message);
}
