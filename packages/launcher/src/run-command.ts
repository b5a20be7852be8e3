import { type SpawnOptions, spawn } from 'node:child_process';
import { readLines } from './logs/read-lines.js';

/** How a command that runs to completion is started. */
export interface CommandOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  uid?: number;
  gid?: number;
  /** Given to the command's standard input. */
  input?: string;
  /** Ends the command, and everything that it started, when aborted. */
  signal?: AbortSignal;
  /** Called with every line of output as it comes. */
  onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
}

/** How a command ended. */
export interface CommandResult {
  /** Its exit code; 1 when a signal ended it. */
  code: number;
  /** Its last lines of output, both streams together. */
  lines: string[];
}

const KEPT_LINES = 20;

/**
 * Runs a command to its end. A code other than 0 is a result, not an error.
 * @throws the system's error when it cannot be started, and the signal's reason when it was aborted
 */
export async function runCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const { signal, input, onLine, ...rest } = options;
  signal?.throwIfAborted();
  // A group of its own: Ctrl-C reaches the launcher alone, which decides what ends when.
  const spawnOptions: SpawnOptions = { ...rest, stdio: ['pipe', 'pipe', 'pipe'], detached: true };
  const child = spawn(file, [...args], spawnOptions);
  const abort = () => {
    if (child.pid !== undefined) endGroup(child.pid);
  };
  signal?.addEventListener('abort', abort, { once: true });
  const lines: string[] = [];
  const keep = (stream: 'stdout' | 'stderr') => (line: string) => {
    lines.push(line);
    if (lines.length > KEPT_LINES) lines.shift();
    onLine?.(line, stream);
  };
  if (child.stdout) readLines(child.stdout, keep('stdout'));
  if (child.stderr) readLines(child.stderr, keep('stderr'));
  // A command that does not read its input closes it; how it ends says whether that was a fault.
  child.stdin?.on('error', () => {});
  child.stdin?.end(input ?? '');
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    signal?.throwIfAborted();
    return { code: code ?? 1, lines };
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}
