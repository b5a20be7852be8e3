import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A process of a contestant. */
export interface Child {
  /** What it printed after `listening on`. */
  address: string;
  pid: number;
  stop: () => Promise<void>;
}

/** Starts a script beside this file, as production does, and waits until it says where it listens. */
export function startChild(script: string, env: Record<string, string>): Promise<Child> {
  return startProcess(fileURLToPath(new URL(script, import.meta.url)), [], env, /listening on (\S+)/);
}

/**
 * Starts any script and waits until its output matches; the first group is the address.
 * @throws Error with what it printed when it ends before
 */
export async function startProcess(
  script: string,
  args: readonly string[],
  env: Record<string, string>,
  ready: RegExp,
): Promise<Child> {
  const child = spawn(process.execPath, [script, ...args], {
    env: { PATH: process.env.PATH, NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const address = await announced(child, ready);
  // What it prints from here on is nobody's, but has to go somewhere.
  child.stdout.resume();
  child.stderr.resume();
  return {
    address,
    pid: child.pid ?? 0,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

async function announced(child: ChildProcess, ready: RegExp): Promise<string> {
  let output = '';
  return new Promise((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      const found = ready.exec(output);
      if (found) resolve(found[1] ?? '');
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`a contestant ended before it was ready:\n${output}`)));
  });
}
