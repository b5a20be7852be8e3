import { errors } from 'undici';
import { type Submitted, UpstreamError } from '../errors.js';

/** An answer that is given up for what it is like: too long, not readable, without content. */
export class UnusableAnswer extends Error {
  override readonly name = 'UnusableAnswer';
}

/** A call took longer than it may. */
export class TimedOut extends Error {
  override readonly name = 'TimedOut';
}

/**
 * The error of a call that got no whole answer: `aborted` when the caller ended it, else `transient`. An UpstreamError
 * stays what it is.
 */
export function failureOf(cause: unknown, aborted: boolean, submitted: Submitted): UpstreamError {
  if (aborted) {
    return new UpstreamError('the call was aborted', { fault: 'aborted', outcome: 'not_counted', submitted, cause });
  }
  if (cause instanceof UpstreamError) return cause;
  return new UpstreamError(describe(cause), { fault: 'transient', outcome: 'fault', submitted, cause });
}

function describe(err: unknown): string {
  if (err instanceof UnusableAnswer || err instanceof TimedOut) return err.message;
  if (err instanceof errors.HeadersTimeoutError || err instanceof errors.BodyTimeoutError) {
    return 'the upstream was silent for too long';
  }
  // Messages of network errors name addresses; their codes do not.
  const code = err instanceof Error && 'code' in err && typeof err.code === 'string' ? err.code : 'unknown';
  return `the connection failed or was cut (${code})`;
}
