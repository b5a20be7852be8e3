import { prettyFactory } from 'pino-pretty';
import { z } from 'zod';

/** Where the log lines of every process come together. */
export interface LogOutput {
  /** Takes one pino line, with or without its newline. */
  write(line: string): void;
}

const COLOURS = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94];
const NAME_WIDTH = 14;
const named = z.object({ instance: z.string() });

/** JSON lines as they are. */
export function jsonOutput(write: (text: string) => void): LogOutput {
  return { write: (line) => write(line.endsWith('\n') ? line : `${line}\n`) };
}

/** Lines for eyes: time, level and message behind the name of the process, each name in a colour of its own. */
export function prettyOutput(write: (text: string) => void): LogOutput {
  const format = prettyFactory({
    colorize: true,
    ignore: 'service,instance,pid,hostname',
    translateTime: 'SYS:HH:MM:ss.l',
    singleLine: true,
  });
  const prefixes = new Map<string, string>();
  const prefixOf = (instance: string) => {
    const prefix = prefixes.get(instance) ?? coloured(instance, prefixes.size);
    prefixes.set(instance, prefix);
    return prefix;
  };
  return {
    write: (line) => {
      const { instance } = named.parse(JSON.parse(line));
      write(`${prefixOf(instance)} ${format(line)}`);
    },
  };
}

function coloured(instance: string, index: number): string {
  return `\u001b[${COLOURS[index % COLOURS.length]}m${instance.padEnd(NAME_WIDTH)}\u001b[39m`;
}
