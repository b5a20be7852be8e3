/** A call took longer than it may. */
export class TimedOut extends Error {
  override readonly name = 'TimedOut';
}

/**
 * Runs a call that must end when its time is over or when the caller's signal is aborted. The call gets a signal for
 * both; it is left at once even when it does not heed it, as undici does not while it connects.
 * @throws TimedOut, the reason of the caller's signal, or what the call throws
 */
export async function withinTime<Result>(
  timeoutMs: number,
  signal: AbortSignal,
  call: (stop: AbortSignal) => Promise<Result>,
): Promise<Result> {
  signal.throwIfAborted();
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(new TimedOut(`no whole answer within ${timeoutMs} ms`)), timeoutMs);
  const forward = () => stop.abort(signal.reason);
  signal.addEventListener('abort', forward);
  try {
    const stopped = new Promise<never>((_, reject) => {
      stop.signal.addEventListener('abort', () => reject(stop.signal.reason));
    });
    return await Promise.race([call(stop.signal), stopped]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', forward);
  }
}
