import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A service's process. */
export interface TestProcess {
  /** Resolves to the exit code, `null` after a signal. */
  exited: Promise<number | null>;
  /** What it has logged so far, a line an entry. */
  lines: string[];
  /** Resolves when a line with this text was logged; rejects when the process ended without. */
  logged(text: string): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** SIGTERM, then waits for the end. */
  stop(): Promise<void>;
}

/** Starts one of the token pool's entry points with this environment alone. */
export function startTokenPool(
  entry: 'main' | 'migrate-main' | 'rotate-key-main',
  env: Record<string, string>,
): TestProcess {
  const path = fileURLToPath(new URL(`../dist/${entry}.js`, import.meta.url));
  const child = spawn(process.execPath, [path], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => lines.push(line));
  return {
    exited,
    lines,
    signal: (signal) => child.kill(signal),
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
    },
    logged: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (lines.some((line) => line.includes(text))) resolve();
        };
        look();
        reader.on('line', look);
        reader.on('close', () => reject(new Error(`never logged "${text}":\n${lines.join('\n')}`)));
      }),
  };
}
