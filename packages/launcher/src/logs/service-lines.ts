import type { Logger } from '@grok2api/service-kit';
import { z } from 'zod';
import type { LogOutput } from './log-output.js';

const pinoLine = z.object({ level: z.string(), instance: z.string(), msg: z.string().default('') });

/**
 * Takes what a service process prints. Its own log lines pass unchanged; anything else, such as a warning of
 * Node itself, is logged in its name by `log`.
 */
export class ServiceLines {
  readonly #fatal: string[] = [];
  readonly #output: LogOutput;
  readonly #log: Logger;

  constructor(output: LogOutput, log: Logger) {
    this.#output = output;
    this.#log = log;
  }

  /** Takes one line. */
  take(line: string, stream: 'stdout' | 'stderr'): void {
    const parsed = pinoLine.safeParse(parsedJson(line));
    if (!parsed.success) {
      this.#log[stream === 'stderr' ? 'warn' : 'info'](line);
      return;
    }
    if (parsed.data.level === 'fatal') this.#keepFatal(parsed.data.msg);
    this.#output.write(line);
  }

  /** The messages with which the process said that it cannot go on, since last asked. */
  takeFatalMessages(): string[] {
    return this.#fatal.splice(0);
  }

  #keepFatal(message: string): void {
    this.#fatal.push(message);
    if (this.#fatal.length > 20) this.#fatal.shift();
  }
}

function parsedJson(line: string): unknown {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    // Not JSON after all.
    return undefined;
  }
}
