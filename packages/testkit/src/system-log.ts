import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

/** One line of the system's log. */
export type LogLine = Record<string, unknown>;

const KEPT_LINES = 20_000;
const POLL_MS = 50;

/** What the processes of a system print: the newest 20,000 lines of their logs, and everything else as text. */
export class SystemLog {
  readonly #lines: LogLine[] = [];
  readonly #output: string[] = [];

  /** Reads lines from a process' output until that ends. */
  read(stream: Readable | null): void {
    if (stream) createInterface({ input: stream }).on('line', (line) => this.#keep(line));
  }

  /** Lines so far that have these fields. */
  lines(fields: LogLine = {}): LogLine[] {
    return this.#lines.filter((line) => Object.entries(fields).every(([name, value]) => line[name] === value));
  }

  /** Waits for a line with these fields. */
  async line(fields: LogLine, withinMs: number): Promise<LogLine> {
    const deadline = Date.now() + withinMs;
    for (;;) {
      const [line] = this.lines(fields);
      if (line) return line;
      if (Date.now() > deadline) throw new Error(`no log line ${JSON.stringify(fields)} within ${withinMs} ms`);
      await sleep(POLL_MS);
    }
  }

  /** Everything that was printed besides the log's lines. */
  get output(): string {
    return this.#output.join('\n');
  }

  #keep(line: string): void {
    const parsed = parseLine(line);
    if (parsed === undefined) this.#output.push(line);
    else this.#lines.push(parsed);
    if (this.#lines.length > KEPT_LINES) this.#lines.shift();
  }
}

function parseLine(line: string): LogLine | undefined {
  if (!line.startsWith('{"level"')) return undefined;
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    // The last line of a process that was killed may be cut.
    return undefined;
  }
}
