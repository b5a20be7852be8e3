import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { LaunchError } from './launch-error.js';

const LOOK_EVERY_MS = 150;
const ANSWER_WITHIN_MS = 3000;
const SHOWN_LENGTH = 500;

/**
 * Waits until the gateway's `/health` answers 200, which it does when every expected service answers.
 * @throws LaunchError with the last answer after `timeoutMs`, and the signal's reason when aborted
 */
export async function waitForHealth(base: string, timeoutMs: number, signal: AbortSignal): Promise<void> {
  await waitFor(timeoutMs, signal, async () => {
    const response = await fetch(`${base}/health`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]),
    });
    const text = await response.text();
    return response.ok ? undefined : `${response.status} ${text.slice(0, SHOWN_LENGTH)}`;
  });
}

/**
 * Waits until something listens on the loopback port.
 * @throws LaunchError after `timeoutMs`, and the signal's reason when aborted
 */
export async function waitForPort(port: number, timeoutMs: number, signal: AbortSignal): Promise<void> {
  await waitFor(timeoutMs, signal, async () => {
    const socket = connect({ port, host: '127.0.0.1' });
    try {
      await once(socket, 'connect', { signal });
    } finally {
      socket.destroy();
    }
    return undefined;
  });
}

// `look` resolves to what is missing, or to undefined when nothing is; that it fails is something missing too.
async function waitFor(timeoutMs: number, signal: AbortSignal, look: () => Promise<string | undefined>): Promise<void> {
  const until = Date.now() + timeoutMs;
  for (;;) {
    const missing = await look().catch((err: unknown) => describe(err));
    signal.throwIfAborted();
    if (missing === undefined) return;
    if (Date.now() > until) {
      throw new LaunchError(`The system was not healthy within ${timeoutMs / 1000} s: see the log above.`, {
        details: [missing],
      });
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

function describe(err: unknown): string {
  if (err instanceof Error && err.cause instanceof Error) return err.cause.message;
  return String(err);
}
