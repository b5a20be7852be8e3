import { TimedOut } from './call-failure.js';

/**
 * Runs a call that must end when its time is over or when the caller's signal is aborted. The call gets a signal for
 * both; it is left at once even when it does not heed it, as undici does not while it connects.
 * @param timeoutMs without it the signal is the caller's own, and goes on to bind what outlives the call
 * @throws TimedOut, the reason of the caller's signal, or what the call throws
 */
export async function withinTime<Result>(
  timeoutMs: number | undefined,
  signal: AbortSignal,
  call: (stop: AbortSignal) => Promise<Result>,
): Promise<Result> {
  signal.throwIfAborted();
  if (timeoutMs === undefined) return await unlessAborted(signal, call);
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(new TimedOut(`no whole answer within ${timeoutMs} ms`)), timeoutMs);
  const forward = () => stop.abort(signal.reason);
  signal.addEventListener('abort', forward);
  try {
    return await unlessAborted(stop.signal, call);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', forward);
  }
}

async function unlessAborted<Result>(
  signal: AbortSignal,
  call: (stop: AbortSignal) => Promise<Result>,
): Promise<Result> {
  let leave = () => {};
  const aborted = new Promise<never>((_, reject) => {
    leave = () => reject(signal.reason);
  });
  signal.addEventListener('abort', leave);
  try {
    return await Promise.race([call(signal), aborted]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
