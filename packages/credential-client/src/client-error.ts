import { ApiError } from '@grok2api/contracts';
import { UpstreamError } from '@grok2api/grok-upstream';
import { NoCredentialError, PoolUnavailableError } from './errors.js';

const DEFAULT_RETRY_MS = 1_000;
/** Says that to ask again could be billed again. */
const BILLED = { 'x-should-retry': 'false' };

/** What the client is told when a call with a credential failed; undefined for errors that are none of its kind. */
export function clientErrorOf(err: unknown): ApiError | undefined {
  if (err instanceof NoCredentialError && err.reason !== 'pool_unavailable') return noCredential(err.retryAfterMs, err);
  if (err instanceof NoCredentialError || err instanceof PoolUnavailableError) {
    return new ApiError('service_unavailable', { headers: retryAfter(DEFAULT_RETRY_MS), cause: err });
  }
  return err instanceof UpstreamError ? ofUpstream(err) : undefined;
}

function ofUpstream(err: UpstreamError): ApiError {
  const values = { reason: err.message };
  switch (err.fault) {
    case 'rate_limited':
    case 'credential_dead':
    case 'not_permitted':
    case 'no_credits':
      return noCredential(err.retryAfterMs ?? DEFAULT_RETRY_MS, err);
    case 'moderated':
      return new ApiError('content_policy_violation', { values, headers: BILLED, cause: err });
    case 'bad_request':
    case 'job_gone':
      return new ApiError('upstream_rejected', { values, cause: err });
    case 'transient': {
      // Without a whole answer nobody knows whether the upstream did the work.
      const unclear = err.status === undefined || err.submitted === 'unknown';
      return new ApiError('upstream_error', { values, ...(unclear ? { headers: BILLED } : {}), cause: err });
    }
    case 'aborted':
      return new ApiError('upstream_timeout', { headers: BILLED, cause: err });
  }
}

function noCredential(retryAfterMs: number, cause: unknown): ApiError {
  return new ApiError('rate_limit_exceeded', { headers: retryAfter(retryAfterMs), cause });
}

function retryAfter(ms: number): { 'retry-after': string } {
  return { 'retry-after': String(Math.max(1, Math.ceil(ms / 1000))) };
}
